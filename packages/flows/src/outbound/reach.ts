import { BlockList, isIP } from "node:net";

/** Says whether an address, in figures, may be connected to. */
export type Reach = (address: string) => boolean;

/** For whoever could connect to it anyway. */
export const anywhere: Reach = () => true;

/** What is no address of the public internet (IANA's special-purpose registries), or leads to one by a detour. */
const NOT_PUBLIC = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/96",
  "::ffff:0:0:0/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
];

/**
 * Public addresses, and those of the networks that are named, such as `10.0.0.0/8`.
 *
 * @throws RangeError when one is no network.
 */
export function publicAnd(networks: readonly string[] = []): Reach {
  const refused = listOf(NOT_PUBLIC);
  const allowed = listOf(networks);
  return (address) => {
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (isIP(address) === 0) return false;
    return allowed.check(address, family) || !refused.check(address, family);
  };
}

/** True for an address with the bits that count behind it. */
export function isNetwork(text: string): boolean {
  const [address = "", bits = ""] = text.split("/");
  const family = isIP(address);
  return family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32);
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    if (!isNetwork(network)) throw new RangeError(`${network} is no network, such as 10.0.0.0/8`);
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
  }
  return list;
}
