// The few functions that the embedder supplies. natives.md lists each with its signature.
//
// They are bound once, by installWeb; `natives` is a live binding, so that modules may be loaded (and
// go into the startup snapshot) before the embedder's functions exist.

export let natives = null;

/** Binds the embedder's functions. The object is read on each call: keep its properties stable. */
export function setNatives(object) {
  natives = object;
}
