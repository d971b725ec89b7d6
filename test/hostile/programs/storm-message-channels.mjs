// attack: message ports that throw a message to and fro for ever
export default {
  fetch() {
    const ports = [];
    for (let index = 0; index < 1_000; index++) {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => port1.postMessage(data);
      port2.onmessage = ({ data }) => port2.postMessage({ data });
      port1.postMessage(new Uint8Array(1_024));
      ports.push(port1, port2);
    }
    return new Promise(() => {});
  },
};
