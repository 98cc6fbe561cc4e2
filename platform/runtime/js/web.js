// The seam to platform/web: the only file here that knows where its modules are.
export {
  DOMException, EventTarget, Request, checkCloneable, dataCloneError, fireTimer, installWeb, partsOfRequest,
  partsOfResponse, requestFromParts, responseFromParts,
} from "orrery:web";
