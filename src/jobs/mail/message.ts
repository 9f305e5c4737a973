/** A mail as mail servers pass it on. */
import { createTransport, type SendMailOptions } from 'nodemailer';

const transporter = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });

/** The mail with its headers and parts (RFC 5322), as it stands in an .eml file. */
export async function writeMessage(options: SendMailOptions): Promise<Buffer> {
  const { message } = await transporter.sendMail(options);
  return message as Buffer;
}
