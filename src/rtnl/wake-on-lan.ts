/** Port to the reasons for which a card may wake the machine. Tests use a fake in its place. */
export interface WakeOnLan {
  /**
   * Whether a magic packet wakes the machine; other reasons to wake stay as they are. Rejects with KernelError:
   * EOPNOTSUPP or EINVAL from hardware that cannot, ENODEV for a link that is gone.
   */
  setMagicPacket(linkIndex: number, isEnabled: boolean): Promise<void>;
}
