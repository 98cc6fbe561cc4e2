// Small helpers of env.js.
export const jsonParse = JSON.parse;

/** A binding whose kind the platform does not know: every use of it says so. */
export function withKindError(name, kind) {
  const refuse = () => {
    throw new Error(`binding ${name} of kind ${kind} is not supported yet`);
  };
  return new Proxy({}, {
    __proto__: null,
    get(target, key) {
      // Looking at the object (await, console.log, JSON.stringify) is not yet using it.
      if (typeof key === "symbol" || key === "then" || key === "toJSON") return undefined;
      return refuse();
    },
    set: refuse,
  });
}
