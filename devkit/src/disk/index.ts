// Disks that do not take what we write.
export { diskReason } from "./disk-reason.ts";
