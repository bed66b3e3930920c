import { DATA_TYPES, descriptorIntegrity, headerIntegrity, type Sif } from '#sif/sif.js';
import type { GroupView } from './metadata.js';

/** The objects of a group, as a signature sees them. A signature belongs to no group. */
export function viewGroup({ header, objects }: Sif, groupId: number): GroupView {
  return {
    header: headerIntegrity(header),
    objects: objects
      .filter((object) => object.groupId === groupId && object.dataType !== DATA_TYPES.signature)
      .map((object) => ({
        id: object.id,
        descriptor: (relativeId) => descriptorIntegrity(object, relativeId),
        data: object.data,
      })),
  };
}
