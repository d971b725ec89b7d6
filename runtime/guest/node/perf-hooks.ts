/** `node:perf_hooks`: the global clock. Nothing here measures the engine. */
const { performance } = globalThis;
const thePerformance = Performance;

const exported: Readonly<Record<string, unknown>> = { Performance, performance };
export { thePerformance as Performance, performance };
export default exported;
