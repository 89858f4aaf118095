declare module 'fs-native-extensions' {
  /** Takes an advisory lock that the kernel drops when the file is closed or its holder dies; false if it is held. */
  export function tryLock(fd: number): boolean;
}
