/** Reports errors to Sentry after the answer, as toucan-js' README shows it. */
import { Toucan } from "toucan-js";

interface Env {
  readonly SENTRY: string;
}
interface Ctx {
  waitUntil(promise: Promise<unknown>): void;
}

function checkout(): never {
  throw new RangeError("the basket is empty");
}

export default {
  fetch(request: Request, { SENTRY }: Env, context: Ctx): Response {
    const sentry = new Toucan({
      dsn: `${SENTRY.replace("//", "//public@")}/42`,
      context,
      request,
      release: "1.2.3",
      requestDataOptions: { allowedHeaders: ["user-agent"], allowedSearchParams: /^page$/ },
    });
    try {
      sentry.setTag("shop", "edge");
      sentry.addBreadcrumb({ message: "went to the till", category: "ui" });
      return checkout();
    } catch (error) {
      const id = sentry.captureException(error);
      return Response.json({ id }, { status: 500 });
    }
  },
};
