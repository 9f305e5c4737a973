/** Remote addresses, as those who share a limit. */
import { isIPv6 } from 'node:net';

const GROUPS = 8;

/** Groups of an IPv6 address that a network is given; the rest is for its owner to choose, as often as they like. */
const GROUPS_OF_NETWORK = 4;

/** What stands for everybody at a remote address: the address, of IPv6 its network (/64). */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) {
    return plain;
  }
  const [head = '', tail] = plain.split('::');
  const before = head.split(':').filter((group) => group !== '');
  const after = (tail ?? '').split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].slice(0, GROUPS_OF_NETWORK).join(':');
}
