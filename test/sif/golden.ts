/** SHA-256 of the files that apptainer/sif v2.25.0 compares its own output with (pkg/sif/testdata there), by test and case. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

export const GOLDEN = {
  add: {
    deterministic: '0b4f5579fe2de951307d7f7d57548e74f29dbdeae04bb0eb8ae30a391b2ef7d0',
    empty: 'd171b98e012612430bf1ec191f7b6ae69b39b656c8c2fb494538d5e78aafb577',
    emptyAligned: 'b2b663a5eb53a52ee86fbce46f3e2b2b53a4ab9918a9242e11ae7e2135005f57',
    notEmpty: 'c960f286dacba0958c5812f021182c46f2ee54ce82cbd8b36538315d29fe9164',
    notEmptyAligned: 'c18b8561a053721d83912109db87aaef0037117ecb0feb67daa2b32102d02460',
    notEmptyNotAligned: '5eb0b8081195d421b25591489ac8970d1b7ea8da6be928cc340f763231da08d2',
    withTime: 'b85ed6f09eae1a581588d23602da820d76380b6af98f2f8e49f99329fbc136a0',
  },
  create: {
    empty: '1987d6041b278a3a87810475ce3bbe5416bc0301471c29c1e2f020579a61f815',
    limitedCapacity: 'c1cad9338fdc09e1b5dae95b041b7a3cf3bc9610969b819a96f414dd3e690d8c',
    launchScript: '31d3dbe41b33af1d204df21083df5f5fae3df637dae3170856343dbcbc09757a',
    withId: '046cf22bd62844b46c7ea3764b370a7ad97ee329e6baca8a3ebe2b7ac5b020ca',
    withTime: 'f5ddfd876fd8ef3fab4e8828320a3ca49126b85321cc60ce77769783dda58ad6',
    one: 'd171b98e012612430bf1ec191f7b6ae69b39b656c8c2fb494538d5e78aafb577',
    two: 'c960f286dacba0958c5812f021182c46f2ee54ce82cbd8b36538315d29fe9164',
    twoAligned: 'bc3192f152d5287092699ad506e731823f77defb18d29350431e706e35ea624f',
    twoNotAligned: '5eb0b8081195d421b25591489ac8970d1b7ea8da6be928cc340f763231da08d2',
  },
  delete: {
    bothCompact: '1987d6041b278a3a87810475ce3bbe5416bc0301471c29c1e2f020579a61f815',
    both: '05c72055ef50a38ddf9603a4ea8ca9b66ba191d0d4de97d6532d03fb076f7ba0',
    oneCompact: '011b64995e536fe356cf0c9a1ac12ff0e5b9184fd04ef5293bfc5b938fd1c785',
    oneZero: '0575e008a5afb6feb2a8a8024e8c5d60e63db0f6f9c3e737aa8946c2a63e58c9',
    oneZeroCompact: '0575e008a5afb6feb2a8a8024e8c5d60e63db0f6f9c3e737aa8946c2a63e58c9',
    twoZero: '002087a783866f08ca9a17118b4b35062fd30f9c71d0f68fdb2f8836265e96d5',
    twoCompact: 'd171b98e012612430bf1ec191f7b6ae69b39b656c8c2fb494538d5e78aafb577',
    twoZeroCompact: 'd171b98e012612430bf1ec191f7b6ae69b39b656c8c2fb494538d5e78aafb577',
    deterministic: '14843ad41a0d269c7cd409beab7ad024554ae80d9618fef33958ef27ffbc3399',
    withTime: '0d254bbaec2288104cba612d0e7bbe8ba471952ad34db38b1af912973752d301',
    primary: '9cbc6752ee070527bcb428312b7cdf878f805611be5a414c68488e0c3b487260',
    primaryCompact: '1987d6041b278a3a87810475ce3bbe5416bc0301471c29c1e2f020579a61f815',
    thenAdd: '35666c4ffd5b2e2033f8da99336a1dbc19eee06a7d8cd53b1d738b1890749fea',
  },
  setPrimary: {
    deterministic: '00e9d3a06b5516228e53d3e2e15bd4d625619cf9fa3e9c6295c283ec52672294',
    withTime: '7dce7863f8958756ad464df59158b03d421b1482b24cd41353fc5c4a47c588d1',
    one: 'b624f28a4c4c8b178a24a3c0af5018c519948e9a7f48ebcfeb14dbb8e21d08f2',
    two: 'b1f84ec40ddc39ccb165752c86d387ce7f615abc9a992db338dcb534b0b7012d',
  },
  setMetadata: {
    deterministic: 'de179713edb1ba6b7740443fa49b9d93e2ba1b6c7f73116422037517e9ccfdf4',
    withTime: '6d2fec2dc9d25f4ea9331d1def27490debedf7f12aa1054ab5aaaa6c900441c9',
    one: '24b2c75b0f2071655719ea5e03ce50fc860b3b7191078828bc01b8fba041729f',
    two: 'ff66b2634f9782d6ec75f13a4eb220255efd3a504f3eeef0ec42dcbb5dddfcd7',
  },
  setDigest: {
    deterministic: '3cfce302a99ae12f91c7f77f8e6037cd5c112673da9b85947a91fdb4a17f1b38',
    withTime: 'f4f51b70ff72be821000284f8ecf6638a523897ee14b0f76df25684cf1e3c077',
    one: '2e4f7c806dfcd632e87412755a8b9a126f950d518d798367ec065d897b6c977e',
    two: '49da3f92ca801c221b0dc440054b1c1e301ddddd52e0c5371b9d137de760fdda',
  },
  headerIntegrity: {
    same: 'a18d8228cd6f87e7fc3559bdf6bf2e32b3663c1b1107ffddcad06f6c2a15598e',
    id: 'f5ff02ce66ab99be5cdb29fc5646590156edb39b88380f206ddfeaa0b5426e8b',
    magic: '615fb4e84ef3ef67b3f2676cacc9db7e90cbac17fbee92b43efa261a8a8f187b',
    version: 'bcc37f805cc45c8d3cb44aef181592fc608b3948bd33b357929a23d72ed08593',
    launchScript: '761ab8d9bf54e6e97eb075130dbec779abec312de7e286163f1a1376445dc067',
  },
  descriptorIntegrity: {
    same: '846b9d43e1d9b4c47842a7e1001f9f0aef26fccb09ff9e490d117d8242099f92',
    dataType: '14d61e18ee812e37805434070d3152838550c3062d13ac4cf09c1f548ea8a707',
    used: '31eea3ab2a84fe356af97b09e498c352f9dbdfa915fa9c68f4c4470c0e9ec348',
    relativeId: 'b7bdebd8ef3d9dd59126237e5fdde31c43320f4ec1966bc311e73ed6f2e30ff5',
    linkedId: '273b9f34c7df6e64f4ef5dc4a3af43c8de8b67d8ba5a4214805be5f8e0c862d9',
    size: 'f391109f34aa8d0114375e63e17d4ef20421a665b85f87797ee125f402be8ff3',
    createdAt: '5975ee137f7c3967d5429b9eb853ba032ea2d80f25e1cc8f569c6c33fce33d37',
    uid: '64c7dd8cd65b4e4774168adce8b9a8826886efcf1c7b208153e59777ffb9581c',
    gid: '37ca2c6e21d44ab9304f22d47aa1761e54392a348b39c4112dcf478ca9075157',
    name: '81e29cdb0d16d55e874d19e15aadc73911301aca3d5b24c0911bd3ee339779c5',
    extra: '3552be0c23070835843308533bb0886fb65e4515d838d459f6a3828e1efcbab6',
  },
  descriptor: {
    plain: '32fa63528fe0e86c6a4a22f50d8ed18abe8b97e163c754e9008a50301d5f4689',
    noGroup: 'e71725231b90cead9c4621352328cdd9a3fbfd903d5215eedad7fed352ef7736',
    group: '7ab6d63f17834cad526dad84b05a37fc848acf69066b3c4f49d6b3d7b8cdb3e3',
    linked: '46e17bdec25ea90bd514f8c93433e5923c8a21c51382c8843d2680ca7701a689',
    linkedGroup: '4553f916ae49fb107a01144f6a7587f0a355450a8849baa4e45f433e5d43f23e',
    name: '4de83ca3edbc369844e80715bb3bc0fd623c0d0d390e9871836bc76a1ccf9c0f',
    time: 'ad2ea9efa16d2eda3cb4b28eed60cdbb8b259db465f995c5b372755e02e579c9',
    extra: '3fc0197cd2184b30b15f7bd670c84fb291707cb83ccda6a66d76af5b24fc3eea',
    cryptoMessage: '5479bc5afcb89e0e617062d4616c48f66ed855c44ac3f97099fc5b2fdcd59f46',
    partition: 'f7915a307d993c95609700de0d11448bf5de324a02fd5a666e235e3bedbed8ca',
    sbom: '236f9228aa934aefe3f780ae5af57133aed9b17aa541cf2081280f6ed04c8488',
    signature: '9abd0d89d9e618326ed9e2a0aa8709c90cad2a07ee5f8c1a96b6c76e9e65942d',
    ociRootIndex: '5a4e5fe8d69891b852c3bfc60aaa01fab1eafd04ce99e15e41ceb63c30d30a6b',
    ociBlob: 'df1ba61a0dcd1e23f9bb198ed4df4455eb36206839cef8e51463b17e410e3dfe',
  },
} as const;

/** That these bytes are the ones that apptainer/sif writes. */
export function assertGolden(bytes: Uint8Array, sha256: string): void {
  assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256);
}
