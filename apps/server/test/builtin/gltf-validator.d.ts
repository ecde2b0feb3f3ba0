declare module "gltf-validator" {
  /** The part of a report that the tests read; severity 0 is an error, 1 a warning. */
  export interface Report {
    readonly issues: {
      readonly messages: readonly { readonly code: string; readonly severity: number }[];
    };
    readonly info: { readonly totalTriangleCount: number };
  }
  export function validateBytes(
    data: Uint8Array,
    options?: { readonly maxIssues?: number },
  ): Promise<Report>;
}
