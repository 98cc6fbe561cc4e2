// One failure of a build as a value: the same shape that the C++ side's ConfigError has.
// `file` is relative to the project's folder, `line` and `column` count from 1 (0: not known).

export class BuildFailure extends Error {
  constructor(kind, message, { file = "", line = 0, column = 0, hint = "" } = {}) {
    super(message);
    this.kind = kind;
    this.file = file;
    this.line = line;
    this.column = column;
    this.hint = hint;
  }

  to_json() {
    const { kind, message, file, line, column, hint } = this;
    return { kind, message, file, line, column, hint };
  }
}
