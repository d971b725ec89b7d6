// attack: Error.prepareStackTrace, captureStackTrace and stackTraceLimit: frames and functions of the platform
export default {
  async fetch() {
    const reached = [];
    Error.stackTraceLimit = Infinity;
    Error.prepareStackTrace = (_, frames) => {
      for (const frame of frames) {
        const owner = frame.getThis?.();
        const callee = frame.getFunction?.();
        if (owner !== undefined && owner !== globalThis && owner !== null)
          reached.push(`this of ${frame.getFunctionName()}`);
        if (callee !== undefined && /native code|reached/.test(String(callee)) === false)
          reached.push(String(callee).slice(0, 80));
      }
      return frames;
    };
    const look = () => new Error("look").stack;
    look();
    new Headers({
      get a() {
        look();
        return "b";
      },
    });
    [1].sort(look);
    Promise.resolve().then(look);
    await new Response(new ReadableStream({ pull: (controller) => (look(), controller.close()) })).text();
    try {
      null.x;
    } catch (error) {
      void error.stack;
    }
    const foreign = reached.filter((item) => /isolated|ivm|applySync|neighbour/.test(item));
    return Response.json({ reached: foreign, seen: reached.length });
  },
};
