// WebSockets on their way in and out of a context: which socket has an end, upgrades that a response makes.
import { natives } from "./natives.js";
import { promiseThen, SafeMap } from "./safe.js";
import { current, enter, foreign, requireContext } from "./io_context.js";
import { deliverFrame, endOfSocket, makeSocket } from "./web.js";

/** An accepted socket's frames come to it from now on. */
function acceptSocket(end, socket) {
  const context = requireContext();
  if (context.sockets === null) context.sockets = new SafeMap();
  context.sockets.set(end, socket);
  natives.acceptSocket(end);
}

export function socketFrame(slot, end, what, data, code, reason) {
  const socket = enter(slot).sockets?.get(end);
  if (socket === undefined) return;
  if (what >= CLOSE) current.sockets.delete(end);
  deliverFrame(socket, what, data, code, reason);
}
const CLOSE = 2, LOST = 3;

/** The socket of a response that came; null: it has none. */
export function receiveSocket(context, end) {
  return end === undefined ? null : makeSocket(end, context);
}

const UPGRADE = /(?:^|\n)upgrade\nwebsocket(?:\n|$)/i;
const { test } = RegExp.prototype;

/** The end that a response hands to whoever sent a request with these headers; undefined: it hands none. */
export function sendSocket(socket, headers) {
  if (socket === null) return undefined;
  if (!Reflect.apply(test, UPGRADE, [headers])) {
    throw new TypeError("Worker tried to return a WebSocket in a response to a request which did not contain the " +
      "header \"Upgrade: websocket\".");
  }
  try {
    return endOfSocket(socket);
  } catch (error) {
    // The answer has been promised by then: whoever asked gets a socket that is lost.
    natives.reportError(error);
    const end = natives.openSockets();
    natives.sendSocket(end, LOST);
    return end + 1;
  }
}

/** What platform/web asks for; `connect(url, protocols)` fetches an upgrade. */
export const socketNatives = (connect) => ({
  ioContext: () => current,
  foreignUse: foreign,
  openSockets() {
    requireContext();
    return natives.openSockets();
  },
  acceptSocket,
  connectSocket(url, protocols, connected, failed) {
    const context = requireContext();
    promiseThen(connect(url, protocols), (response) => {
      const socket = response.webSocket;
      if (socket === null) {
        failed("Failed to establish the WebSocket connection: expected server to reply with HTTP status code 101 " +
          `(switching protocols), but received ${response.status} instead.`);
      } else {
        connected(endOfSocket(socket), context, response.headers.get("sec-websocket-protocol") ?? "");
      }
    }, (error) => failed(`${error.message}`));
  },
});
