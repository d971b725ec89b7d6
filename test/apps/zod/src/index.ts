/** Orders checked by Zod 4: parsed, transformed, refused with every problem. */
import { z } from "zod";

const Item = z.object({
  sku: z.string().regex(/^[A-Z]{3}-\d{4}$/, "expected AAA-0000"),
  quantity: z.coerce.number().int().positive().max(99),
  price: z.templateLiteral([z.number(), " ", z.enum(["EUR", "USD"])]).optional(),
});

const Order = z
  .strictObject({
    id: z.uuid(),
    email: z.email().transform((address) => address.toLowerCase()),
    placedAt: z.iso.datetime({ offset: true }),
    delivery: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("pickup"), shop: z.string().min(1) }),
      z.object({ kind: z.literal("parcel"), address: z.string().min(5), express: z.boolean().default(false) }),
    ]),
    items: z.array(Item).min(1).max(3),
    notes: z.record(z.string(), z.string()).optional(),
  })
  .refine(({ items }) => new Set(items.map(({ sku }) => sku)).size === items.length, {
    message: "each article once",
    path: ["items"],
  });

/** The coupon is looked up before it counts. */
const Coupon = z.string().refine((code) => Promise.resolve(code === "WINTER"), "unknown coupon");

interface Category {
  readonly name: string;
  readonly subcategories: readonly Category[];
}
const Category = z.object({
  name: z.string(),
  get subcategories() {
    return z.array(Category);
  },
});

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const input: unknown = request.method === "POST" ? await request.json() : null;
    switch (pathname) {
      case "/orders": {
        const parsed = Order.safeParse(input);
        if (parsed.success) return Response.json(parsed.data, { status: 201 });
        return Response.json(z.treeifyError(parsed.error), { status: 400 });
      }
      case "/pretty": {
        const parsed = Order.safeParse(input);
        return new Response(parsed.success ? "fine" : z.prettifyError(parsed.error));
      }
      case "/coupons": {
        const parsed = await Coupon.safeParseAsync(input);
        return Response.json(parsed.success ? { code: parsed.data } : z.flattenError(parsed.error));
      }
      case "/categories":
        return Response.json(Category.parse(input) satisfies Category);
      case "/schema":
        return Response.json(
          z.toJSONSchema(z.object({ name: z.string().max(3), tags: z.array(z.string()).optional() })),
        );
      default:
        return new Response(null, { status: 404 });
    }
  },
};
