/** Netfilter: what happens to a packet in each function, for kernels 6.1 to 6.12. */
export const NETFILTER: Readonly<Record<string, string>> = {
  nf_hook_slow:
    'Netfilter asks what is registered at this hook, in the order of priorities, until one does not accept the packet.',
  ipt_do_table:
    'The rules of an iptables table are walked for this hook until one decides, or the chain’s policy.',
  ip6t_do_table:
    'The rules of an ip6tables table are walked for this hook until one decides, or the chain’s policy.',
  arpt_do_table:
    'The rules of an arptables table are walked for this hook until one decides, or the chain’s policy.',
  ebt_do_table:
    'The rules of an ebtables table are walked for this hook until one decides, or the chain’s policy.',
  nf_conntrack_in:
    'Connection tracking finds the packet’s connection or begins a new one; what makes no sense is invalid.',
  __nf_conntrack_confirm:
    'The first packet of a connection got through: the connection is entered in the table.',
  ipv4_conntrack_defrag: 'Fragments are put together before connection tracking looks at them.',
  nf_nat_inet_fn:
    'NAT looks at the packet’s connection: a new one gets its translation from the rules, others have theirs.',
  nf_nat_ipv4_pre_routing:
    'NAT for arriving IPv4 packets: the destination may be rewritten, and routing then uses the new one.',
  nf_nat_ipv4_out: 'NAT for leaving IPv4 packets: the source may be rewritten.',
  nf_nat_ipv4_local_fn:
    'NAT for IPv4 packets of this host: the destination may be rewritten, and the packet is then routed again.',
  nf_nat_ipv4_local_in: 'NAT for IPv4 packets to this host: the source may be rewritten.',
  nf_nat_manip_pkt:
    'Address or port are rewritten as the connection’s translation says, and checksums are corrected.',
  nf_nat_ipv6_in:
    'NAT for arriving IPv6 packets: the destination may be rewritten, and routing then uses the new one.',
  nf_nat_ipv6_out: 'NAT for leaving IPv6 packets: the source may be rewritten.',
  nf_nat_masquerade_ipv4:
    'Masquerading: the source is to become the address of the interface that it leaves by.',
  nf_nat_masquerade_ipv6:
    'Masquerading: the IPv6 source is to become an address of the interface it leaves by.',
  nf_nat_redirect_ipv4: 'A redirect rule: the destination is to become this host itself.',
  nft_do_chain:
    'The rules of an nftables chain are evaluated in their order, jumps included, until one gives a verdict.',
  nft_do_chain_ipv4:
    'An nftables chain of family ip evaluates its rules on the packet; else its policy decides.',
  nft_do_chain_ipv6:
    'An nftables chain of family ip6 evaluates its rules on the packet; else its policy decides.',
  nft_do_chain_inet:
    'An nftables chain of family inet evaluates its rules on the packet; else its policy decides.',
  nft_do_chain_bridge:
    'An nftables chain of family bridge evaluates its rules on the frame; else its policy decides.',
  nft_do_chain_arp:
    'An nftables chain of family arp evaluates its rules on the packet; else its policy decides.',
  nft_do_chain_netdev:
    'An nftables chain of family netdev evaluates its rules at the device; else its policy decides.',
  nf_queue: 'The packet is handed to a program in user space (NFQUEUE) and waits for its verdict.',
  nf_reinject: 'A program in user space gave its verdict, and the packet goes on from where it waited.',
  nf_send_reset: 'A reject rule answers the packet with a TCP reset.',
  nf_send_unreach: 'A reject rule answers the packet with an ICMP error.',
};
