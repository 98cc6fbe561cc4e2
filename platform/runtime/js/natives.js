// The functions that C++ supplies. They exist before this script runs: the snapshot is made with them.
export const natives = globalThis.__orreryNatives;
delete globalThis.__orreryNatives;
