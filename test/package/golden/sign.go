// Makes signatures.json: what apptainer/sif itself writes when it signs a small file, in every form that it knows.
//
//	go mod init golden && go get github.com/apptainer/sif/v2@v2.25.0 github.com/sigstore/sigstore@v1.10.11 && go mod tidy
//	go run sign.go > signatures.json
//	go run sign.go PUBLIC_KEY.pem FILE.sif     verifies a file of ours, and says which objects
//
// Ed25519 signs the same bytes each time, so that our own writer is compared with this one byte by byte; the other keys are new at
// each run.
package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/apptainer/sif/v2/pkg/integrity"
	"github.com/apptainer/sif/v2/pkg/sif"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
)

type signed struct {
	Title string `json:"title"`
	// Of the keys that have signed, in the order of the envelope.
	Keys []string `json:"keys"`
	// Of the whole signed file.
	SHA256 string `json:"sha256"`
	// The data of the signature object, and its "extra" in hexadecimal, without the zeros at its end.
	Signature string `json:"signature"`
	Extra     string `json:"extra"`
}

type golden struct {
	// Of the file before it is signed.
	SHA256 string            `json:"sha256"`
	Keys   map[string]string `json:"keys"`
	Signed []signed          `json:"signed"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func input(kind sif.DataType, text string, opts ...sif.DescriptorInputOpt) sif.DescriptorInput {
	in, err := sif.NewDescriptorInput(kind, bytes.NewReader([]byte(text)), opts...)
	check(err)
	return in
}

// base writes the file that is signed.
func base(path string) {
	script := input(sif.DataPartition, "the script\n", sif.OptObjectName("plugin.js"), sif.OptPartitionMetadata(sif.FsRaw, sif.PartData, "amd64"))
	manifest := input(sif.DataGenericJSON, "{}\n", sif.OptObjectName("plugin.manifest"))
	f, err := sif.CreateContainerAtPath(path, sif.OptCreateDeterministic(), sif.OptCreateWithDescriptors(script, manifest))
	check(err)
	check(f.UnloadContainer())
}

func digest(path string) string {
	b, err := os.ReadFile(path)
	check(err)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func sign(path, title string, keys []string, opt integrity.SignerOpt) signed {
	base(path)
	f, err := sif.LoadContainerFromPath(path)
	check(err)
	s, err := integrity.NewSigner(f, opt, integrity.OptSignDeterministic(), integrity.OptSignGroup(1))
	check(err)
	check(s.Sign())
	d, err := f.GetDescriptor(sif.WithDataType(sif.DataSignature))
	check(err)
	data, err := d.GetData()
	check(err)
	check(f.UnloadContainer())
	file, err := os.ReadFile(path)
	check(err)
	extra := bytes.TrimRight(file[4096+2*585+201:4096+3*585], "\x00")
	return signed{title, keys, digest(path), string(data), hex.EncodeToString(extra)}
}

func main() {
	if len(os.Args) == 3 {
		verify(os.Args[1], os.Args[2])
		return
	}
	directory, err := os.MkdirTemp("", "golden")
	check(err)
	defer os.RemoveAll(directory)
	path := filepath.Join(directory, "file.sif")
	out := golden{Keys: map[string]string{}}
	signers := map[string]signature.Signer{}
	add := func(name string, key crypto.PrivateKey, hash crypto.Hash) {
		signer, err := signature.LoadSigner(key, hash)
		check(err)
		public, err := signer.PublicKey()
		check(err)
		pem, err := cryptoutils.MarshalPublicKeyToPEM(public)
		check(err)
		out.Keys[name], signers[name] = string(pem), signer
	}
	add("Ed25519", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)), crypto.SHA256)
	for name, curve := range map[string]elliptic.Curve{"ECDSA P-256": elliptic.P256(), "ECDSA P-384": elliptic.P384(), "ECDSA P-521": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		check(err)
		add(name, key, crypto.SHA256)
	}
	for name, hash := range map[string]crypto.Hash{"RSA SHA256": crypto.SHA256, "RSA SHA384": crypto.SHA384, "RSA SHA512": crypto.SHA512} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		check(err)
		add(name, key, hash)
	}
	base(path)
	out.SHA256 = digest(path)
	for _, names := range [][]string{{"Ed25519"}, {"ECDSA P-256"}, {"ECDSA P-384"}, {"ECDSA P-521"}, {"RSA SHA256"}, {"RSA SHA384"}, {"RSA SHA512"}, {"Ed25519", "ECDSA P-256"}} {
		var with []signature.Signer
		title := ""
		for _, name := range names {
			with = append(with, signers[name])
			if title != "" {
				title += " and "
			}
			title += name
		}
		out.Signed = append(out.Signed, sign(path, title, names, integrity.OptSignWithSigner(with...)))
	}
	entity, err := openpgp.NewEntity("Ann", "", "ann@example.com", nil)
	check(err)
	out.Signed = append(out.Signed, sign(path, "PGP", []string{}, integrity.OptSignWithEntity(entity)))
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	check(encoder.Encode(out))
}

func verify(key, path string) {
	v, err := signature.LoadVerifierFromPEMFile(key, crypto.SHA256)
	check(err)
	f, err := sif.LoadContainerFromPath(path, sif.OptLoadWithFlag(os.O_RDONLY))
	check(err)
	verifier, err := integrity.NewVerifier(f, integrity.OptVerifyWithVerifier(v), integrity.OptVerifyCallback(func(r integrity.VerifyResult) bool {
		fmt.Println("signature", r.Signature().ID(), "error:", r.Error())
		for _, d := range r.Verified() {
			fmt.Println("verified", d.ID(), d.Name())
		}
		return false
	}))
	check(err)
	check(verifier.Verify())
}
