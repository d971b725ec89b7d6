// attack: async functions that await themselves, for ever
export default {
  fetch() {
    const spin = async () => {
      await null;
      return spin();
    };
    return spin();
  },
};
