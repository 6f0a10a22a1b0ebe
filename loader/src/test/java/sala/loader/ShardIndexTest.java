package sala.loader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static sala.loader.Refusal.assertRefused;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ShardIndexTest {
    private static ShardIndex parse(String json) {
        return ShardIndex.parse("index", json.getBytes(UTF_8));
    }

    @Test
    void wellFormed() {
        ShardIndex index = parse("""
                {"metadata": {"total_size": 7, "deep": [[{"x": null}]]},
                 "weight_map": {"a": "model-00002-of-00002.safetensors", "b": "model-00001-of-00002.safetensors"}}
                """);
        assertEquals(
                Map.of("a", "model-00002-of-00002.safetensors", "b", "model-00001-of-00002.safetensors"),
                index.shardOf());
        assertEquals(
                List.of("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"),
                List.copyOf(index.shards()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/etc/passwd",
                "../other.safetensors",
                "sub/model.safetensors",
                "sub\\\\model.safetensors",
                "..",
                ".",
                ".hidden",
                "",
                "a\\u0000b",
                "a\\nb",
                "C:model.safetensors",
                "file:model"
            })
    void shardsThatAreNoFileNames(String shard) {
        assertRefused(
                () -> parse("{\"weight_map\":{\"a\":\"%s\"}}".formatted(shard)),
                "index",
                "weight_map.a",
                "the name of a file in the same folder");
    }

    @Test
    void shardNameOf256Characters() {
        assertRefused(() -> parse("{\"weight_map\":{\"a\":\"%s\"}}".formatted("x".repeat(256))), "weight_map.a");
    }

    @Test
    void malformed() {
        assertRefused(() -> parse("{}"), "index", "expected a weight_map that names tensors, found none");
        assertRefused(() -> parse("{\"weight_map\":{}}"), "index", "expected a weight_map");
        assertRefused(() -> parse("[]"), "index", "expected an object, found an array");
        assertRefused(() -> parse("{\"weight_map\":[]}"), "index", "weight_map", "found an array");
        assertRefused(() -> parse("{\"weight_map\":{\"a\":1}}"), "weight_map.a", "expected a string, found 1");
        assertRefused(() -> parse("{\"weight_map\":{\"a\":\"s\",\"a\":\"s\"}}"), "weight_map.a occurs twice");
        assertRefused(() -> parse("{\"weight_map\":{\"a\":\"s\"},\"weight_map\":{}}"), "weight_map occurs twice");
        assertRefused(() -> parse("{\"weight_map\":{\"a\":\"s\"}} 1"), "expected nothing behind it, found 1");
        assertRefused(() -> parse("{\"weight_map\":{\"a\":\"s\""), "index", "malformed JSON");
        assertRefused(() -> parse("{\"metadata\":" + "[".repeat(100_000)), "index", "malformed JSON");
    }

    @Test
    void shardAndIndexMustAgree() {
        ShardIndex index = parse("{\"weight_map\":{\"a\":\"one\",\"b\":\"one\",\"c\":\"two\"}}");
        index.check("index", "one", Set.of("a", "b"));
        index.check("index", "two", Set.of("c"));
        assertRefused(() -> index.check("index", "one", Set.of("a")), "index", "tensor b is not in one");
        assertRefused(
                () -> index.check("index", "one", Set.of("a", "b", "d")), "tensor d is in one, but the index lacks it");
        assertRefused(
                () -> index.check("index", "one", Set.of("a", "b", "c")),
                "tensor c is in one, but the index says it is in two");
    }
}
