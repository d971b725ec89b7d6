/** Signs requests with aws4fetch: an upload that is sent, a presigned URL, a request of the signature's specification. */
import { AwsClient, AwsV4Signer } from "aws4fetch";

interface Env {
  readonly BACKEND: string;
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const keys = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
    switch (new URL(request.url).pathname) {
      case "/upload": {
        const aws = new AwsClient({ ...keys, service: "s3", region: "us-east-1", initRetryMs: 1 });
        const body = await request.arrayBuffer();
        const answer = await aws.fetch(`${env.BACKEND}/bucket/a%20key.txt`, { method: "PUT", body });
        return Response.json(await answer.json(), { status: answer.status });
      }
      case "/flaky": {
        const aws = new AwsClient({ ...keys, service: "dynamodb", region: "eu-central-1", initRetryMs: 1, retries: 2 });
        const answer = await aws.fetch(`${env.BACKEND}/busy`, { body: "{}", headers: { "x-amz-target": "List" } });
        return Response.json({ status: answer.status });
      }
      case "/presigned": {
        const signer = new AwsV4Signer({
          ...keys,
          url: "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Expires=86400",
          datetime: "20130524T000000Z",
          signQuery: true,
        });
        return new Response((await signer.sign()).url.href);
      }
      case "/list-users": {
        const signer = new AwsV4Signer({
          accessKeyId: "AKIDEXAMPLE",
          secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
          url: "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
          headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
          datetime: "20150830T123600Z",
          allHeaders: true,
        });
        const { headers } = await signer.sign();
        return new Response(headers.get("authorization"));
      }
      default:
        return new Response(null, { status: 404 });
    }
  },
};
