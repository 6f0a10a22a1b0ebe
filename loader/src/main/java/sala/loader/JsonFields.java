package sala.loader;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A JSON object of settings with typed, checked access: every message names the file, the field, what was expected and
 * what was found. A field that is absent or {@code null} has the given default. For the readers of this module.
 */
public final class JsonFields {
    /** A scalar, a list of scalars or a nested object; JSON null is an absent field. */
    private sealed interface Value {
        record Scalar(JsonToken kind, String text) implements Value {}

        record Array(List<Value> values) implements Value {}

        record Fields(JsonFields fields) implements Value {}
    }

    private final String file;
    private final String prefix;
    private final Map<String, Value> values;
    private final Set<String> nulls;

    private JsonFields(String file, String prefix, Map<String, Value> values, Set<String> nulls) {
        this.file = file;
        this.prefix = prefix;
        this.values = values;
        this.nulls = nulls;
    }

    public static JsonFields parse(String file, byte[] json) {
        try (JsonParser parser = StrictJson.parser(file, json)) {
            StrictJson.expect(parser, file, "the file", JsonToken.START_OBJECT);
            JsonFields fields = readObject(parser, file, "");
            StrictJson.expectEnd(parser, file, "the file");
            return fields;
        } catch (IOException e) {
            throw StrictJson.malformed(file, "the file", e);
        }
    }

    private static JsonFields readObject(JsonParser parser, String file, String prefix) throws IOException {
        Map<String, Value> values = new LinkedHashMap<>();
        Set<String> names = new HashSet<>();
        Set<String> nulls = new HashSet<>();
        for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
            // Shortened, since long names of nested objects would otherwise be copied again for each of their fields.
            String name = StrictJson.shorten(prefix + field);
            if (!names.add(field)) {
                throw new CheckpointException("%s: %s occurs twice".formatted(file, name));
            }
            parser.nextToken();
            Optional<Value> value = readValue(parser, file, name);
            if (value.isPresent()) {
                values.put(field, value.get());
            } else {
                nulls.add(field);
            }
        }
        return new JsonFields(file, prefix, values, nulls);
    }

    private static Optional<Value> readValue(JsonParser parser, String file, String name) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == JsonToken.START_OBJECT) {
            return Optional.of(new Value.Fields(readObject(parser, file, name + ".")));
        }
        if (token == JsonToken.START_ARRAY) {
            List<Value> elements = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                elements.add(readValue(parser, file, name).orElse(new Value.Scalar(JsonToken.VALUE_NULL, "null")));
            }
            return Optional.of(new Value.Array(elements));
        }
        return token == JsonToken.VALUE_NULL
                ? Optional.empty()
                : Optional.of(new Value.Scalar(token, parser.getText()));
    }

    public boolean has(String field) {
        return values.containsKey(field);
    }

    /** Whether the field is there and {@code null}. */
    public boolean isNull(String field) {
        return nulls.contains(field);
    }

    public int integer(String field, int absent, int min, int max) {
        return has(field) ? integer(field, value(field), min, max) : absent;
    }

    public double number(String field, double absent, double min, double max) {
        if (!has(field)) {
            return absent;
        }
        if (value(field) instanceof Value.Scalar(JsonToken kind, String text) && kind.isNumeric()) {
            double number = Double.parseDouble(text);
            if (number >= min && number <= max) {
                return number;
            }
        }
        throw wrong(field, "a number from %s to %s".formatted(min, max));
    }

    public boolean flag(String field, boolean absent) {
        if (!has(field)) {
            return absent;
        }
        if (value(field) instanceof Value.Scalar scalar && scalar.kind().isBoolean()) {
            return scalar.kind() == JsonToken.VALUE_TRUE;
        }
        throw wrong(field, "true or false");
    }

    public String string(String field, String absent) {
        if (!has(field)) {
            return absent;
        }
        if (value(field) instanceof Value.Scalar(JsonToken kind, String text) && kind == JsonToken.VALUE_STRING) {
            return text;
        }
        throw wrong(field, "a string");
    }

    /** A list of strings. */
    public List<String> strings(String field, List<String> absent) {
        if (!has(field)) {
            return absent;
        }
        if (value(field) instanceof Value.Array(List<Value> elements)) {
            List<String> strings = new ArrayList<>();
            for (Value element : elements) {
                if (!(element instanceof Value.Scalar(JsonToken kind, String text)) || kind != JsonToken.VALUE_STRING) {
                    throw wrong(field, "a list of strings");
                }
                strings.add(text);
            }
            return strings;
        }
        throw wrong(field, "a list of strings");
    }

    /** Token ids: one number or a list. */
    public List<Integer> integers(String field, List<Integer> absent) {
        if (!has(field)) {
            return absent;
        }
        if (value(field) instanceof Value.Array(List<Value> elements)) {
            return elements.stream()
                    .map(element -> integer(field, element, 0, Integer.MAX_VALUE))
                    .toList();
        }
        return List.of(integer(field, value(field), 0, Integer.MAX_VALUE));
    }

    /** A nested object; an empty one where it is absent. */
    public JsonFields object(String field) {
        if (!has(field)) {
            return new JsonFields(file, prefix + field + ".", Map.of(), Set.of());
        }
        if (value(field) instanceof Value.Fields(JsonFields fields)) {
            return fields;
        }
        throw wrong(field, "an object");
    }

    /** A list of objects; an empty one where it is absent. */
    public List<JsonFields> objects(String field) {
        if (!has(field)) {
            return List.of();
        }
        if (value(field) instanceof Value.Array(List<Value> elements)) {
            List<JsonFields> objects = new ArrayList<>();
            for (Value element : elements) {
                if (!(element instanceof Value.Fields(JsonFields object))) {
                    throw wrong(field, "a list of objects");
                }
                objects.add(object);
            }
            return objects;
        }
        throw wrong(field, "a list of objects");
    }

    /** Names of the fields, in the order of the file. */
    public Set<String> names() {
        return Collections.unmodifiableSet(values.keySet());
    }

    /** Whether the field is a string. */
    public boolean isString(String field) {
        return has(field) && value(field) instanceof Value.Scalar scalar && scalar.kind() == JsonToken.VALUE_STRING;
    }

    /** Whether the field is a list. */
    public boolean isList(String field) {
        return has(field) && value(field) instanceof Value.Array;
    }

    /**
     * The object at the parser's current token, in the middle of a larger document.
     *
     * @param name of the object, for messages
     */
    public static JsonFields read(JsonParser parser, String file, String name) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new CheckpointException(
                    "%s: %s: expected an object, found %s".formatted(file, name, StrictJson.describe(parser)));
        }
        return readObject(parser, file, name + ".");
    }

    /** The exception for a field that is not as it should be. */
    public CheckpointException wrong(String field, String expected) {
        return new CheckpointException("%s: %s%s: expected %s, found %s"
                .formatted(file, prefix, field, expected, has(field) ? text(value(field)) : "nothing"));
    }

    private int integer(String field, Value value, int min, int max) {
        if (value instanceof Value.Scalar(JsonToken kind, String text) && kind.isNumeric()) {
            double number = Double.parseDouble(text);
            if (number == Math.rint(number) && number >= min && number <= max) {
                return (int) number;
            }
        }
        throw wrong(field, "an integer from %d to %d".formatted(min, max));
    }

    private Value value(String field) {
        Value value = values.get(field);
        if (value == null) {
            throw new IllegalStateException("asked for an absent field " + field);
        }
        return value;
    }

    private static String text(Value value) {
        String text = switch (value) {
            case Value.Scalar scalar -> scalar.text();
            case Value.Array array ->
                array.values().stream().limit(20).map(JsonFields::text).toList().toString();
            case Value.Fields _ -> "an object";
        };
        return StrictJson.shorten(text);
    }
}
