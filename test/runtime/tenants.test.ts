import { expect, it } from "vitest";
import { Tenants } from "../../runtime/isolates/tenants.ts";

it("a version is there as long as one of its instances is", () => {
  const tenants = new Tenants<string>();
  tenants.add("a");
  tenants.add("a");
  tenants.add("b");
  expect(tenants.versions).toBe(2);
  tenants.remove("a");
  expect(tenants.versions).toBe(2);
  tenants.remove("a");
  tenants.remove("b");
  expect(tenants.versions).toBe(0);
  tenants.remove("b");
  expect(tenants.versions).toBe(0);
});
