/** Bodies for a service of this project in front of one server, with any picture as an address. */
export function bodiesWith(
  picture: string,
  { model, slowModel, slowParams }: { model: string; slowModel: string; slowParams?: object },
) {
  const origin = { name: "Checked", origin_instance: "check" };
  const then = {
    id: "then",
    task_type: "MEASURE",
    input_mappings: [{ from_step: "first", from_field: "mesh", to_field: "mesh" }],
  };
  const first = (config: object) => ({
    id: "first",
    task_type: "GENERATION",
    config: { image: picture, ...config },
  });
  return {
    quick: { ...origin, steps: [first({ model }), then] },
    slow: {
      ...origin,
      steps: [first({ model: slowModel, ...(slowParams ? { params: slowParams } : {}) }), then],
    },
  };
}
