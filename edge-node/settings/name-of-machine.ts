/** What a node is called whose settings do not say it. */
export function nameOfMachine(machine: string): string {
  const name = machine.replaceAll(/[^A-Za-z0-9._-]/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return name.slice(0, 63) || "node";
}
