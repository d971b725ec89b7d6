// attack: CPU: a loop without end
export default {
  fetch() {
    for (;;);
  },
};
