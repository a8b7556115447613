import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka's Java client for tests: a command is a line of JSON, and so is its answer. See javaclient.py. */
public final class JavaClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<Integer, Consumer> CONSUMERS = new ConcurrentHashMap<>();
    private static final AtomicInteger NEXT = new AtomicInteger();

    /** A consumer and the one thread that may use it. */
    private record Consumer(KafkaConsumer<byte[], byte[]> kafka, ExecutorService thread) {}

    private interface Work {
        JsonNode run() throws Exception;
    }

    public static void main(String[] arguments) throws IOException {
        ExecutorService others = Executors.newCachedThreadPool();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            JsonNode command = JSON.readTree(line);
            Consumer consumer = command.has("consumer") ? CONSUMERS.get(command.get("consumer").asInt()) : null;
            Work work = consumer == null ? () -> serve(command) : () -> serve(command, consumer);
            (consumer == null ? others : consumer.thread()).execute(() -> answer(command, work));
        }
        System.exit(0);
    }

    private static void answer(JsonNode command, Work work) {
        ObjectNode answer = JSON.createObjectNode();
        answer.set("number", command.get("number"));
        try {
            answer.set("result", work.run());
        } catch (Exception error) {
            answer.put("error", error.toString());
        }
        synchronized (System.out) {
            System.out.println(answer);
        }
    }

    private static JsonNode serve(JsonNode command) throws Exception {
        return switch (command.get("operation").asText()) {
            case "produce" -> produce(command);
            case "open" -> open(command);
            case "offsetAt" -> offsetAt(command);
            default -> administer(command);
        };
    }

    private static JsonNode serve(JsonNode command, Consumer consumer) {
        return switch (command.get("operation").asText()) {
            case "poll" -> poll(consumer.kafka(), command.get("millis").asInt());
            case "assignment" -> assignment(consumer.kafka());
            case "commit" -> commit(consumer.kafka());
            case "close" -> close(consumer);
            default -> throw new IllegalArgumentException(command.toString());
        };
    }

    private static JsonNode administer(JsonNode command) throws Exception {
        try (Admin admin = Admin.create(settings(command))) {
            switch (command.get("operation").asText()) {
                case "create" -> {
                    int partitions = command.get("partitions").asInt();
                    admin.createTopics(List.of(new NewTopic(topic(command), partitions, (short) 1))).all().get();
                    return JSON.nullNode();
                }
                case "delete" -> {
                    admin.deleteTopics(List.of(topic(command))).all().get();
                    return JSON.nullNode();
                }
                case "topics" -> {
                    return JSON.valueToTree(admin.listTopics().names().get());
                }
                case "committed" -> {
                    return committed(admin, command);
                }
                default -> throw new IllegalArgumentException(command.toString());
            }
        }
    }

    private static JsonNode committed(Admin admin, JsonNode command) throws Exception {
        ObjectNode offsets = JSON.createObjectNode();
        admin.listConsumerGroupOffsets(command.get("group").asText())
                .partitionsToOffsetAndMetadata()
                .get()
                .forEach((place, committed) -> {
                    if (place.topic().equals(topic(command))) {
                        offsets.put(Integer.toString(place.partition()), committed.offset());
                    }
                });
        return offsets;
    }

    private static JsonNode produce(JsonNode command) throws Exception {
        var bytes = new ByteArraySerializer();
        try (var producer = new KafkaProducer<byte[], byte[]>(settings(command), bytes, bytes)) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (JsonNode each : command.get("records")) {
                sent.add(producer.send(record(topic(command), each)));
            }
            ArrayNode offsets = JSON.createArrayNode();
            for (Future<RecordMetadata> each : sent) {
                offsets.add(each.get().offset());
            }
            return offsets;
        } catch (ExecutionException error) {
            throw (Exception) error.getCause();
        }
    }

    private static ProducerRecord<byte[], byte[]> record(String topic, JsonNode plain) throws IOException {
        var record = new ProducerRecord<>(
                topic,
                plain.get("partition").asInt(),
                plain.get("timestamp").asLong(),
                plain.get("key").binaryValue(),
                plain.get("value").binaryValue());
        for (JsonNode header : plain.get("headers")) {
            record.headers().add(header.get(0).asText(), header.get(1).binaryValue());
        }
        return record;
    }

    private static JsonNode open(JsonNode command) {
        var bytes = new ByteArrayDeserializer();
        var kafka = new KafkaConsumer<byte[], byte[]>(settings(command), bytes, bytes);
        kafka.subscribe(List.of(topic(command)));
        int number = NEXT.incrementAndGet();
        CONSUMERS.put(number, new Consumer(kafka, Executors.newSingleThreadExecutor()));
        return JSON.valueToTree(number);
    }

    private static JsonNode poll(KafkaConsumer<byte[], byte[]> kafka, int millis) {
        ArrayNode records = JSON.createArrayNode();
        for (ConsumerRecord<byte[], byte[]> each : kafka.poll(Duration.ofMillis(millis))) {
            ObjectNode record = records.addObject();
            record.put("key", each.key());
            record.put("value", each.value());
            record.put("partition", each.partition());
            record.put("timestamp", each.timestamp());
            ArrayNode headers = record.putArray("headers");
            for (Header header : each.headers()) {
                headers.addArray().add(header.key()).add(header.value());
            }
        }
        return records;
    }

    private static JsonNode assignment(KafkaConsumer<byte[], byte[]> kafka) {
        return JSON.valueToTree(kafka.assignment().stream().map(TopicPartition::partition).toList());
    }

    private static JsonNode commit(KafkaConsumer<byte[], byte[]> kafka) {
        kafka.commitSync();
        return JSON.nullNode();
    }

    private static JsonNode close(Consumer consumer) {
        CONSUMERS.values().remove(consumer);
        consumer.kafka().close();
        consumer.thread().shutdown();
        return JSON.nullNode();
    }

    private static JsonNode offsetAt(JsonNode command) {
        var bytes = new ByteArrayDeserializer();
        var place = new TopicPartition(topic(command), command.get("partition").asInt());
        try (var kafka = new KafkaConsumer<byte[], byte[]>(settings(command), bytes, bytes)) {
            OffsetAndTimestamp found = kafka.offsetsForTimes(Map.of(place, command.get("timestamp").asLong())).get(place);
            return JSON.valueToTree(found == null ? -1 : found.offset());
        }
    }

    private static String topic(JsonNode command) {
        return command.get("topic").asText();
    }

    private static Properties settings(JsonNode command) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", command.get("bootstrap").asText());
        if (command.has("settings")) {
            command.get("settings").fields().forEachRemaining(each -> settings.put(each.getKey(), each.getValue().asText()));
        }
        return settings;
    }
}
