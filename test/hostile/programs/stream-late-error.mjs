// attack: a body that breaks off late, with errors of every kind
export default {
  fetch() {
    let left = 50;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (left-- > 0) controller.enqueue(new TextEncoder().encode("data "));
          else
            controller.error({
              toString: () => {
                throw new Error("late");
              },
            });
        },
        cancel: () => new Promise(() => {}),
      }),
    );
  },
};
