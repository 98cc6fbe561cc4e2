// Values as they stand in the marks of a run: JSON that tells apart what the programs can make.

const FLAGS = ["retryable", "overloaded", "remote", "durableObjectReset"];

// A name in a log that is another one each time.
const steady = (text) => text.replace(/reference = [0-9a-z]+/, "reference = ...");

export function shown(value) {
  if (value === undefined) return "undefined";
  if (value instanceof Map) return { map: [...value] };
  if (value instanceof Error) {
    const flags = FLAGS.filter((flag) => value[flag] !== undefined);
    return [`${value.name}: ${steady(value.message)}`, ...flags].join(", ");
  }
  return value;
}
