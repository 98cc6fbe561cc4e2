// ES2025 methods of Set: union, intersection, difference and their relatives.
import { SetAdd, SetConstructor, SetDelete, SetForEach, SetHas, SetSize, apply, trunc } from "../primordials.js";
import { addMissing } from "./define.js";

/** The argument as the standard's set record: size, has, keys. */
function recordOf(other) {
  if (typeof other !== "object" && typeof other !== "function" || other === null) {
    throw new TypeError("The argument is not a set-like object.");
  }
  const number = +other.size;
  if (number !== number) throw new TypeError("The size of the argument is not a number.");
  const size = trunc(number);
  if (size < 0) throw new RangeError("The size of the argument is negative.");
  const { has, keys } = other;
  if (typeof has !== "function") throw new TypeError("The has of the argument is not a function.");
  if (typeof keys !== "function") throw new TypeError("The keys of the argument is not a function.");
  return { size, has: (value) => Boolean(apply(has, other, [value])), keys: () => apply(keys, other, []) };
}

/** Calls back for each key of a record until the callback gives false, which closes the iterator. */
function eachKey(record, callback) {
  const iterator = record.keys();
  if (typeof iterator !== "object" && typeof iterator !== "function" || iterator === null) {
    throw new TypeError("The keys of the argument gave no iterator.");
  }
  const next = iterator.next;
  for (;;) {
    const step = apply(next, iterator, []);
    if (typeof step !== "object" || step === null) throw new TypeError("The iterator gave no object.");
    if (step.done) return;
    if (callback(step.value) === false) {
      const end = iterator.return;
      if (end !== undefined && end !== null) apply(end, iterator, []);
      return;
    }
  }
}

function copy(set) {
  const result = new SetConstructor();
  SetForEach(set, (value) => { SetAdd(result, value); });
  return result;
}

const methods = {
  union(other) {
    SetSize(this);
    const record = recordOf(other);
    const result = copy(this);
    eachKey(record, (value) => { SetAdd(result, value); });
    return result;
  },
  intersection(other) {
    const size = SetSize(this);
    const record = recordOf(other);
    const result = new SetConstructor();
    if (size <= record.size) {
      SetForEach(this, (value) => { if (record.has(value)) SetAdd(result, value); });
    } else {
      eachKey(record, (value) => { if (SetHas(this, value)) SetAdd(result, value); });
    }
    return result;
  },
  difference(other) {
    const size = SetSize(this);
    const record = recordOf(other);
    const result = copy(this);
    if (size <= record.size) {
      SetForEach(this, (value) => { if (record.has(value)) SetDelete(result, value); });
    } else {
      eachKey(record, (value) => { SetDelete(result, value); });
    }
    return result;
  },
  symmetricDifference(other) {
    SetSize(this);
    const record = recordOf(other);
    const result = copy(this);
    eachKey(record, (value) => {
      if (SetHas(this, value)) {
        SetDelete(result, value);
      } else {
        SetAdd(result, value);
      }
    });
    return result;
  },
  isSubsetOf(other) {
    const size = SetSize(this);
    const record = recordOf(other);
    if (size > record.size) return false;
    let subset = true;
    SetForEach(this, (value) => { subset = subset && record.has(value); });
    return subset;
  },
  isSupersetOf(other) {
    const size = SetSize(this);
    const record = recordOf(other);
    if (size < record.size) return false;
    let superset = true;
    eachKey(record, (value) => (superset = SetHas(this, value)));
    return superset;
  },
  isDisjointFrom(other) {
    const size = SetSize(this);
    const record = recordOf(other);
    let disjoint = true;
    if (size <= record.size) {
      SetForEach(this, (value) => { disjoint = disjoint && !record.has(value); });
    } else {
      eachKey(record, (value) => (disjoint = !SetHas(this, value)));
    }
    return disjoint;
  },
};

export function installSets() {
  addMissing(Set.prototype, methods);
}
