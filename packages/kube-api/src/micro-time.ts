/** A time written with six digits after the second, as the API requires in `MicroTime` fields. */
export class MicroTime extends Date {
  override toISOString(): string {
    return super.toISOString().replace('Z', '000Z')
  }
}
