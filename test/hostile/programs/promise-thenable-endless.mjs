// attack: thenables: a result that resolves to a thenable that resolves to a thenable, for ever
export default {
  fetch() {
    const endless = {
      then(resolve) {
        resolve(endless);
        resolve(new Promise(() => {}));
        throw new Error("too late");
      },
    };
    return endless;
  },
};
