/** Tunnels and IPsec: what happens to a packet in each function, for kernels 6.1 to 6.12. */
export const TUNNEL: Readonly<Record<string, string>> = {
  vxlan_xmit:
    'The VXLAN device looks up which remote end has the frame’s destination and wraps the frame for it.',
  vxlan_rcv: 'A VXLAN packet arrived: it is unwrapped and counts as received on the VXLAN device of its VNI.',
  geneve_xmit: 'The GENEVE device wraps the frame in UDP for its remote end.',
  geneve_udp_encap_recv:
    'A GENEVE packet arrived: it is unwrapped and counts as received on the device of its VNI.',
  ipgre_xmit: 'The GRE device adds its header and sends the packet to the tunnel’s other end.',
  gre_tap_xmit: 'The gretap device wraps the Ethernet frame in GRE and sends it to the tunnel’s other end.',
  gre_rcv: 'A GRE packet arrived, and is given to the tunnel that it belongs to.',
  ip_tunnel_xmit: 'An IPv4 tunnel finds the route to its other end and makes the outer header.',
  ip_tunnel_rcv: 'An IPv4 tunnel takes in what was unwrapped; it counts as received on the tunnel’s device.',
  ip_md_tunnel_xmit: 'A tunnel whose other end a route or program names makes the outer header.',
  ipip_tunnel_xmit: 'The IPIP device wraps the packet in another IPv4 header.',
  ipip_rcv: 'An IPIP packet arrived, and is given to the tunnel that it belongs to.',
  sit_tunnel_xmit: 'The sit device wraps the IPv6 packet in an IPv4 header.',
  ip6_tnl_xmit: 'An IPv6 tunnel finds the route to its other end and writes the outer header.',
  udp_tunnel_xmit_skb: 'The outer UDP header is written, for VXLAN, GENEVE and their like.',
  udp_tunnel6_xmit_skb: 'The outer UDP and IPv6 headers are written, for VXLAN, GENEVE and their like.',
  iptunnel_xmit: 'The outer IPv4 header is written, and the packet sets out as one of this host.',
  wg_xmit: 'WireGuard finds the peer by the packet’s destination and queues it for encryption.',
  wg_receive: 'WireGuard takes in a packet of its own: a handshake, or data to be decrypted.',
  xfrm_output:
    'IPsec transforms the packet as its states say: encrypted, authenticated, perhaps a new outer header.',
  xfrm_input: 'IPsec finds the state that the packet names and decrypts and verifies it.',
  __xfrm_policy_check:
    'IPsec policy is asked whether the packet came in as it should: protected, or in the clear.',
  __xfrm_route_forward:
    'A forwarded packet is checked against IPsec policy, which may take it into a tunnel.',
  esp_output: 'ESP encrypts the packet.',
  esp_input: 'ESP decrypts the packet and verifies that it is genuine.',
};
