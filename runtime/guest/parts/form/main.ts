/** Part: FormData, and forms as bytes. */
export { FormData, isFormData } from "./form-data.ts";
export { parseMultipart, serializeMultipart } from "./multipart.ts";
