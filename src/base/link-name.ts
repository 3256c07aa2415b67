/** What the kernel takes as a link's name (dev_valid_name in net/core/dev.c), without the bytes that no terminal shows. */
export const isLinkName = (name: string): boolean =>
  /^[^\s/:\p{Cc}\p{Surrogate}]+$/u.test(name) && Buffer.byteLength(name) <= 15 && name !== "." && name !== "..";
