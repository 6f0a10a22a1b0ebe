package sala.loader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static sala.loader.Refusal.assertRefused;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SafetensorsHeaderTest {
    private static final String ONE = "{\"bias\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}}";
    private static final byte[] ONE_DATA = HexFormat.of().parseHex("803f0040");

    private static void assertHeaderRefused(String header, int dataBytes, String... parts) {
        assertRefused(() -> SafetensorsBytes.parse(SafetensorsBytes.file(header, new byte[dataBytes])), parts);
    }

    /** An entry {@code "name":{...}} of U8 elements. */
    private static String entry(String name, long begin, long end) {
        return "\"%s\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[%d,%d]}"
                .formatted(name, end - begin, begin, end);
    }

    @Test
    void exampleOfTheDocumentation() {
        byte[] file = HexFormat.of()
                .parseHex("3a00000000000000" + HexFormat.of().formatHex(ONE.getBytes(StandardCharsets.UTF_8))
                        + "803f0040");
        assertArrayEquals(
                new double[] {1, 2}, SafetensorsBytes.parse(file).tensor("bias").toDoubles());
    }

    @Test
    void fileShorterThanTheLength() {
        for (int bytes = 0; bytes < 8; bytes++) {
            int size = bytes;
            assertRefused(() -> SafetensorsBytes.parse(new byte[size]), "test", "at least 8 bytes", "found " + size);
        }
    }

    @Test
    void truncatedAtEveryByte() {
        byte[] file = SafetensorsBytes.file(ONE, ONE_DATA);
        for (int bytes = 0; bytes < file.length; bytes++) {
            byte[] truncated = Arrays.copyOf(file, bytes);
            assertRefused(() -> SafetensorsBytes.parse(truncated), "test");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, length 0",
        "1, length 1",
        "100000001, length 100000001",
        "-9223372036854775808, length 9223372036854775808",
        "-1, length 18446744073709551615",
        "59, the file is truncated",
        "99999999, the file is truncated"
    })
    void lengthOfTheHeader(long length, String expected) {
        byte[] json = ONE.getBytes(StandardCharsets.UTF_8);
        assertRefused(() -> SafetensorsBytes.parse(SafetensorsBytes.file(length, json, new byte[0])), "test", expected);
    }

    @Test
    void lengthThatEndsInsideTheJson() {
        byte[] json = ONE.getBytes(StandardCharsets.UTF_8);
        assertRefused(
                () -> SafetensorsBytes.parse(SafetensorsBytes.file(json.length - 1, json, ONE_DATA)),
                "test",
                "malformed JSON");
    }

    @ParameterizedTest
    @ValueSource(strings = {" " + ONE, "[]", "\"a\"", "\uFEFF" + ONE, "\0\0"})
    void firstByte(String header) {
        assertHeaderRefused(header, 4, "test", "begins with '{'", "found byte 0x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{]", "{\"a\"}", "{'a':1}", "{\"a\":{},}", "{/**/}", "{\"a\":NaN}", "{\"a\":01}"})
    void malformedJson(String header) {
        assertHeaderRefused(header, 0, "test");
    }

    @Test
    void somethingBehindTheJson() {
        assertHeaderRefused(ONE + "{}", 4, "expected nothing behind it", "found an object");
        assertHeaderRefused(ONE + "\0", 4, "malformed JSON");
    }

    @Test
    void paddingAfterTheJson() {
        byte[] file = SafetensorsBytes.file(ONE + "       ", ONE_DATA);
        assertEquals(2, SafetensorsBytes.parse(file).tensor("bias").getDouble(1));
    }

    @ParameterizedTest
    @CsvSource({
        "a lone continuation byte, 80",
        "an overlong slash, c0af",
        "a surrogate, eda080",
        "beyond U+10FFFF, f4908080",
        "an incomplete sequence, e282"
    })
    void notUtf8(String kind, String hex) {
        byte[] name = HexFormat.of().parseHex(hex);
        byte[] header = HexFormat.of()
                .parseHex("7b22" + HexFormat.of().formatHex(name) + "223a"
                        + HexFormat.of().formatHex(ONE.substring(8).getBytes(StandardCharsets.UTF_8)));
        assertRefused(
                () -> SafetensorsBytes.parse(SafetensorsBytes.file(header.length, header, ONE_DATA)),
                "test",
                "expected UTF-8",
                "at byte 2 ");
    }

    @Test
    void duplicates() {
        assertHeaderRefused("{" + entry("a", 0, 1) + "," + entry("a", 1, 2) + "}", 2, "tensor a occurs twice");
        assertHeaderRefused("{" + entry("a", 0, 1) + "," + entry("\\u0061", 1, 2) + "}", 2, "tensor a occurs twice");
        assertHeaderRefused("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ occurs twice");
        assertHeaderRefused("{\"__metadata__\":{\"k\":\"1\",\"k\":\"1\"}}", 0, "__metadata__.k occurs twice");
        String twice = "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],%s}}";
        assertHeaderRefused(twice.formatted("\"dtype\":\"U8\""), 0, "tensor a", "dtype occurs twice");
        assertHeaderRefused(twice.formatted("\"shape\":[0]"), 0, "tensor a", "shape occurs twice");
        assertHeaderRefused(twice.formatted("\"data_offsets\":[0,0]"), 0, "tensor a", "data_offsets occurs twice");
    }

    @Test
    void fieldsOfATensor() {
        assertHeaderRefused("{\"a\":1}", 0, "tensor a", "expected an object", "found 1");
        assertHeaderRefused("{\"a\":null}", 0, "tensor a", "expected an object", "found null");
        assertHeaderRefused("{\"a\":{\"shape\":[0],\"data_offsets\":[0,0]}}", 0, "tensor a", "dtype is missing");
        assertHeaderRefused("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,0]}}", 0, "tensor a", "shape is missing");
        assertHeaderRefused("{\"a\":{\"dtype\":\"U8\",\"shape\":[0]}}", 0, "tensor a", "data_offsets is missing");
        String unknown = "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"stride\":[1]}}";
        assertHeaderRefused(unknown, 0, "tensor a", "found field stride");
    }

    @ParameterizedTest
    @ValueSource(strings = {"C64", "F4", "F6_E2M3", "F6_E3M2", "bf16", "", "F128"})
    void unknownDType(String dtype) {
        assertHeaderRefused(
                "{\"a\":{\"dtype\":\"%s\",\"shape\":[0],\"data_offsets\":[0,0]}}".formatted(dtype),
                0,
                "tensor a",
                "expected a dtype of [F64,",
                "found " + dtype);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void everyDType(DType dtype) {
        String header =
                "{\"a\":{\"dtype\":\"%s\",\"shape\":[3],\"data_offsets\":[0,%d]}}".formatted(dtype, 3 * dtype.bytes());
        TensorView tensor = SafetensorsBytes.parse(SafetensorsBytes.file(header, new byte[3 * dtype.bytes()]))
                .tensor("a");
        assertEquals(dtype, tensor.dtype());
        assertEquals(3L * dtype.bytes(), tensor.data().byteSize());
        // One byte more than the elements take.
        assertHeaderRefused(
                header.replace("[0," + 3 * dtype.bytes(), "[0," + (3 * dtype.bytes() + 1)),
                3 * dtype.bytes() + 1,
                "tensor a",
                dtype + " of [3] takes " + 3 * dtype.bytes() + " bytes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "1.0", "1e3", "\"1\"", "null", "true", "[1]", "{}", "9223372036854775808"})
    void numbersOfShapeAndOffsets(String number) {
        String header = "{\"a\":{\"dtype\":\"U8\",\"shape\":[%s],\"data_offsets\":[0,%s]}}";
        assertHeaderRefused(header.formatted(number, "0"), 0, "tensor a shape", "an integer from 0 to 2^63-1");
        assertHeaderRefused(header.formatted("0", number), 0, "tensor a data_offsets", "an integer from 0 to 2^63-1");
    }

    @Test
    void longNumber() {
        String number = "9".repeat(StrictJson.MAX_NUMBER_LENGTH + 1);
        assertHeaderRefused(
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[%s],\"data_offsets\":[0,0]}}".formatted(number),
                0,
                "malformed JSON");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "[0]", "[1,0]", "[0,0,0]"})
    void offsetsThatAreNoRange(String offsets) {
        assertHeaderRefused(
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":%s}}".formatted(offsets),
                1,
                "tensor a",
                "data_offsets");
    }

    @Test
    void productsThatOverflow() {
        String header = "{\"a\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[0,8]}}";
        assertHeaderRefused(header.formatted("U8", "[4294967296,4294967296]"), 8, "tensor a", "exceeds 2^63 bytes");
        assertHeaderRefused(header.formatted("F64", "[4611686018427387904]"), 8, "tensor a", "exceeds 2^63 bytes");
        // 2^61 elements of 8 bytes wrap to 0 bytes in 64-bit arithmetic.
        assertHeaderRefused(header.formatted("I64", "[2305843009213693952,1]"), 8, "tensor a", "exceeds 2^63 bytes");
    }

    @Test
    void layoutOfTheData() {
        assertHeaderRefused("{" + entry("a", 0, 4) + "," + entry("b", 3, 8) + "}", 8, "tensor b", "overlaps");
        assertHeaderRefused("{" + entry("a", 0, 4) + "," + entry("b", 0, 4) + "}", 4, "tensor b", "overlaps");
        assertHeaderRefused("{" + entry("a", 0, 4) + "," + entry("b", 5, 8) + "}", 8, "tensor b", "has a gap");
        assertHeaderRefused("{" + entry("a", 1, 8) + "}", 8, "tensor a", "from byte 0 on, found 1", "has a gap");
        assertHeaderRefused("{" + entry("a", 0, 8) + "}", 7, "take 8 bytes, but 7 follow", "truncated");
        assertHeaderRefused("{" + entry("a", 0, 8) + "}", 9, "take 8 bytes, but 9 follow", "too long");
        assertHeaderRefused("{" + entry("a", 0, Long.MAX_VALUE) + "}", 8, "test", "truncated");
        assertHeaderRefused("{}", 1, "take 0 bytes, but 1 follow");
    }

    @Test
    void emptyTensorsAndScalars() {
        SafetensorsFile file = SafetensorsBytes.parse(SafetensorsBytes.file(
                "{" + entry("z", 1, 1) + "," + entry("y", 0, 0) + ","
                        + "\"\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}," + entry("x", 1, 1) + "}",
                new byte[] {7}));
        assertEquals(0, file.tensor("z").shape().elementCount());
        assertEquals(0, file.tensor("y").data().byteSize());
        assertEquals(1, file.tensor("").shape().elementCount());
        assertEquals(4, file.tensorNames().size());
        assertEquals(
                0,
                SafetensorsBytes.parse(SafetensorsBytes.file("{}", new byte[0]))
                        .tensorNames()
                        .size());
    }

    @Test
    void namesAreOrderedByOffset() {
        SafetensorsFile file = SafetensorsBytes.parse(SafetensorsBytes.file(
                "{" + entry("c", 2, 3) + "," + entry("a", 1, 2) + "," + entry("b", 0, 1) + "}", new byte[3]));
        assertEquals(List.of("b", "a", "c"), List.copyOf(file.tensorNames()));
    }

    @Test
    void metadata() {
        byte[] file = SafetensorsBytes.file("{\"__metadata__\":{\"format\":\"pt\",\"\":\"\"}}", new byte[0]);
        assertEquals(
                Map.of("format", "pt", "", ""), SafetensorsBytes.parse(file).metadata());
        assertHeaderRefused("{\"__metadata__\":1}", 0, "__metadata__", "expected an object", "found 1");
        assertHeaderRefused("{\"__metadata__\":null}", 0, "__metadata__", "expected an object", "found null");
        assertHeaderRefused("{\"__metadata__\":{\"k\":1}}", 0, "__metadata__.k", "expected a string", "found 1");
        assertHeaderRefused("{\"__metadata__\":{\"k\":{}}}", 0, "__metadata__.k", "expected a string", "an object");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"a\":"})
    void nestingBomb(String open) {
        assertHeaderRefused("{\"a\":" + open.repeat(1_000_000), 0, "test");
        String header = "{\"a\":{\"dtype\":\"U8\",\"shape\":" + open.repeat(1_000_000);
        assertHeaderRefused(header, 0, "test");
    }

    @Test
    void tooManyDimensions() {
        String shape = IntStream.range(0, SafetensorsHeader.MAX_RANK + 1)
                .mapToObj(i -> "1")
                .collect(Collectors.joining(",", "[", "]"));
        assertHeaderRefused(
                "{\"a\":{\"dtype\":\"U8\",\"shape\":%s,\"data_offsets\":[0,1]}}".formatted(shape),
                1,
                "tensor a shape",
                "more than 16 numbers");
    }

    @Test
    void tooManyTensors() {
        String header = IntStream.rangeClosed(0, SafetensorsHeader.MAX_TENSORS)
                .mapToObj(i -> entry(String.valueOf(i), 0, 0))
                .collect(Collectors.joining(",", "{", "}"));
        assertHeaderRefused(header, 0, "more than 100000 tensors");
    }

    @Test
    void hugeNamesAreCutInMessages() {
        assertHeaderRefused("{\"" + "n".repeat(60_000) + "\":1}", 0, "tensor nnn", "expected an object");
        assertHeaderRefused("{\"" + "n".repeat(StrictJson.MAX_NAME_LENGTH + 1) + "\":1}", 0, "malformed JSON");
        assertHeaderRefused("{\"a\":\"" + "s".repeat(1_000_000) + "\"}", 0, "tensor a", "found sss");
        assertHeaderRefused("{\"\\u001b[31m\":1}", 0, "tensor \\u001b[31m");
    }
}
