// Calls by the Connect protocol, with what `buf` has generated from the protos, as an agency's developer does. Prints what came of it as JSON.
import { createClient, ConnectError } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { toJson } from "@bufbuild/protobuf";
import { PeopleService, GetMyRecordResponseSchema } from "./gen/alongside/people/v1/people_service_pb.js";

const [baseUrl, token] = process.argv.slice(2);
const told = {};
for (const [name, options] of [
  ["json", { httpVersion: "2", useBinaryFormat: false }],
  ["proto", { httpVersion: "2", useBinaryFormat: true }],
  ["http1", { httpVersion: "1.1", useBinaryFormat: false }],
]) {
  const people = createClient(PeopleService, createConnectTransport({ baseUrl, ...options }));
  const headers = { authorization: `Bearer ${token}` };
  const failed = async (call) => {
    try {
      await call();
      return { code: "none" };
    } catch (error) {
      const { code, rawMessage, details } = ConnectError.from(error);
      return { code, message: rawMessage, details: details.map((detail) => detail.type), readable: details.map((detail) => detail.debug) };
    }
  };
  const record = await people.getMyRecord({ pageSize: 2 }, { headers });
  told[name] = {
    record: toJson(GetMyRecordResponseSchema, record),
    nobody: await failed(() => people.getMyRecord({})),
    wrong: await failed(() => people.recordStrength({ requestId: "x", text: "y" }, { headers })),
    late: await failed(() => people.getMyRecord({ atLeastPosition: 1n << 40n }, { headers, timeoutMs: 300 })),
  };
}
console.log(JSON.stringify(told));
