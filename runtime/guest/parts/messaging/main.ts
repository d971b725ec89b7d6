/** Part: MessageChannel and MessagePort (https://html.spec.whatwg.org/#message-channels). */
export { MessageChannel } from "./message-channel.ts";
export { MessagePort } from "./message-port.ts";
