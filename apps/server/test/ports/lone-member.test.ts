import { createLoneMember } from "../../src/stores/members.ts";
import { describeMembers } from "./members.contract.ts";

describeMembers("one process", async () => ({
  members: createLoneMember("here"),
  remove: async () => {},
}));
