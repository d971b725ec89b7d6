/**
 * What a key of a configuration document means and takes: data for people, for JSON Schema and for the command line tool.
 *
 * Made from the same tables that the parser reads with (sdk/domain/), so that no description says other than what is checked.
 */

/** What a value looks like. */
export type KeyShape =
  | { readonly kind: "text" | "boolean" }
  | { readonly kind: "integer" | "number"; readonly min: number; readonly max: number }
  | { readonly kind: "choice"; readonly values: readonly (string | number)[] }
  | { readonly kind: "object"; readonly keys: readonly KeyDescription[] }
  | { readonly kind: "list"; readonly itemsMax: number; readonly item: KeyShape };

export interface KeyDescription {
  readonly key: string;
  /** One sentence. */
  readonly meaning: string;
  /** Completing "allowed: …". */
  readonly allowed: string;
  /** What an absent key means; undefined when it has no default. */
  readonly default?: string | number | boolean;
  /** `filled`: absent in the input, it is there with its default afterwards. `optional`: absent stays absent, which is off. */
  readonly presence: "required" | "filled" | "optional" | "depends";
  readonly shape: KeyShape;
}
