// Package wire is what all languages compute alike: where topics and tells lie in JetStream, and how headers travel.
// The files in interop/vectors hold it to that.
package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

const (
	// DefaultPartitions is how many a topic has that does not say.
	DefaultPartitions = 16
	// TellPartitions is how many the tells of a proto service have; fixed for ever.
	TellPartitions = 16
	// TellGroup is the consumer group that handles tells.
	TellGroup = "handler"
	// ReplyStream is the stream of what came of tells, without the topic prefix.
	ReplyStream = "tell_replies"
	// DeadLetterStream is the stream of what was given up, without the topic prefix.
	DeadLetterStream = "dead_letters"

	tokenCharacters = 32
)

// Partition is where an ordering key belongs.
func Partition(key string, partitions int) int {
	return int(crc32.ChecksumIEEE([]byte(key)) % uint32(partitions))
}

// TopicStream is the stream of a topic.
func TopicStream(prefix, topic string) string { return prefix + strings.ReplaceAll(topic, ".", "_") }

// TopicSubjects are the subjects of a topic's stream: its partitions, and the fences of those who publish from journals.
func TopicSubjects(prefix, topic string) []string {
	return []string{prefix + "topic." + topic + ".*", prefix + "fence." + TopicStream("", topic) + ".>"}
}

// TopicSubject is the subject of one partition.
func TopicSubject(prefix, topic string, partition int) string {
	return prefix + "topic." + topic + "." + strconv.Itoa(partition)
}

// TellStream is the stream of a proto service's tells.
func TellStream(prefix, service string) string {
	return prefix + "tell_" + strings.ReplaceAll(service, ".", "_")
}

// TellSubjects are the subjects of that stream: its partitions, and what waits for its time.
func TellSubjects(prefix, service string) []string {
	return []string{prefix + "tell." + service + ".*", prefix + "later." + service + ".*"}
}

// TellSubject is the subject of one partition of tells.
func TellSubject(prefix, service string, partition int) string {
	return prefix + "tell." + service + "." + strconv.Itoa(partition)
}

// TellToken stands for a tell in subjects: an id counts for one method and one key.
func TellToken(service, method, key, id string) string {
	digest := sha256.Sum256([]byte(strings.Join([]string{service, method, key, id}, "\n")))
	return base64.URLEncoding.EncodeToString(digest[:])[:tokenCharacters]
}

// TellMessageID is what JetStream knows a tell by.
func TellMessageID(method, key, id string) string {
	return method + "/" + strings.ReplaceAll(EncodeValue(key), "/", "%2F") + "/" + EncodeValue(id)
}

// ReplySubject is where it is kept what came of a tell.
func ReplySubject(prefix, service, token string) string {
	return prefix + "reply." + service + "." + token
}

// DeadLetterSubject is where a group parks what it gave up of a topic.
func DeadLetterSubject(prefix, group, topic string) string {
	return prefix + "dead." + group + "." + topic
}

// Consumer is the name of a group's durable consumer of a partition.
func Consumer(group string, partition int) string { return fmt.Sprintf("%s-%d", group, partition) }

// EncodeValue is a header's value as it travels: printable ASCII, everything else, and the space, ", %, percent-encoded.
// So no value breaks out of its header. As CloudEvents' HTTP protocol binding 1.0.2 has it (section 3.1.3.2).
func EncodeValue(value string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		if c > 0x20 && c < 0x7f && c != '"' && c != '%' {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
