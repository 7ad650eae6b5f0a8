/** A time that is written with six digits after the second, as the API demands of `MicroTime` fields. */
export class MicroTime extends Date {
  override toISOString(): string {
    return super.toISOString().replace('Z', '000Z')
  }
}
