package registry

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// chunkBytes is the most that Consul takes as one value.
const chunkBytes = 512 << 10

const descriptorsPath = "/v1/kv/samspel/descriptors/"

// DescriptorSet is the binary FileDescriptorSet of proto services that this program has the generated code of: every
// file that they need, each after its imports. The same program makes the same bytes.
func DescriptorSet(protoServices []string) ([]byte, error) {
	set := &descriptorpb.FileDescriptorSet{}
	seen := map[string]bool{}
	var add func(protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if seen[file.Path()] || file.IsPlaceholder() {
			return
		}
		seen[file.Path()] = true
		imports := file.Imports()
		for i := range imports.Len() {
			add(imports.Get(i).FileDescriptor)
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
	}
	for _, name := range protoServices {
		service, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			return nil, fmt.Errorf("no descriptor of %s is linked into this program: %w", name, err)
		}
		add(service.ParentFile())
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(set)
}

// sha256Of is under which name a descriptor set is stored.
func sha256Of(set []byte) string {
	digest := sha256.Sum256(set)
	return hex.EncodeToString(digest[:])
}

// publishDescriptors stores a descriptor set under its SHA-256 (R3), for tools that have no proto files. What is there
// already is left as it is.
func (c *Client) publishDescriptors(ctx context.Context, set []byte) error {
	name := sha256Of(set)
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write(set); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	value := packed.Bytes()
	if len(value) > chunkBytes {
		n := 0
		for ; len(value) > 0; n++ {
			piece := value[:min(chunkBytes, len(value))]
			value = value[len(piece):]
			if err := c.store(ctx, fmt.Sprintf("%s/%d", name, n), piece); err != nil {
				return err
			}
		}
		value = fmt.Appendf(nil, `{"chunks":%d}`, n)
	}
	return c.store(ctx, name, value)
}

func (c *Client) store(ctx context.Context, key string, value []byte) error {
	_, err := c.consul.Call(ctx, http.MethodPut, descriptorsPath+key, url.Values{"cas": {"0"}}, value)
	return err
}
