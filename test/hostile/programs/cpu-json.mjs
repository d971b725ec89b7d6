// attack: CPU: JSON.parse with a reviver and JSON.stringify with a replacer that never end
export default {
  fetch() {
    const value = JSON.parse(`[${"1,".repeat(100_000)}1]`, (_, item) =>
      Array.isArray(item) ? item.concat(item) : item,
    );
    const endless = { toJSON: () => ({ again: endless }) };
    JSON.stringify(value, (key, item) => (key === "x" ? item : { x: item, y: item }));
    return new Response(JSON.stringify(endless));
  },
};
