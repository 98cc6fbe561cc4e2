// Classes of the platform that are not there yet: using one says so, instead of "is not defined".

/** A class whose construction gives one clear error. */
export function notSupported(name) {
  const holder = {
    [name]: class {
      constructor() {
        throw new Error(`${name} is not supported yet.`);
      }
    },
  };
  return holder[name];
}
