/** The plain rows of a property table: a field, its default, and a check. */
import type { PropertyDef, Signature, Wire } from "./property.ts";

/** Fields of `H` that can hold a value of the signature. */
export type FieldOf<H, S extends Signature> = { [F in keyof H]: H[F] extends Wire[S] ? F : never }[keyof H] & string;

export interface RowParts<T, S extends Signature>
  extends Pick<PropertyDef<T, S>, "doc" | "isSecret" | "isInternal" | "isUsersAffair" | "groups"> {
  /** Throws on a value without a meaning. Stored values pass it, too. */
  check?(value: Wire[S]): void;
}

/** Rows for objects that keep the values of these properties in `holderOf` themselves. */
export function propertyRows<T, H extends object>(holderOf: (of: T) => H) {
  const partsOf = <S extends Signature>(signature: S, field: FieldOf<H, S>, parts: RowParts<T, S>) => {
    const { check, ...marks } = parts;
    const write = (of: T, value: Wire[S]) => {
      check?.(value);
      Object.assign(holderOf(of), { [field]: value });
    };
    return { row: { signature, ...marks, get: (of: T) => holderOf(of)[field] as unknown as Wire[S] }, write };
  };
  return {
    /** Clients set it, and the Profile keeps it. */
    kept<S extends Signature>(signature: S, field: FieldOf<H, S>, fallback: Wire[S], parts: RowParts<T, S>) {
      const { row, write } = partsOf(signature, field, parts);
      return { ...row, set: write, persist: { default: fallback, restore: write } } satisfies PropertyDef<T, S>;
    },
    /** Clients set it until the next start. */
    volatile<S extends Signature>(signature: S, field: FieldOf<H, S>, parts: RowParts<T, S>) {
      const { row, write } = partsOf(signature, field, parts);
      return { ...row, set: write } satisfies PropertyDef<T, S>;
    },
    /** Written by the daemon alone, and the Profile keeps it. */
    noted<S extends Signature>(signature: S, field: FieldOf<H, S>, fallback: Wire[S], parts: RowParts<T, S>) {
      const { row, write } = partsOf(signature, field, parts);
      return { ...row, persist: { default: fallback, restore: write } } satisfies PropertyDef<T, S>;
    },
  };
}
