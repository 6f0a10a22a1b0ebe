package sala.loader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static sala.loader.Refusal.assertRefused;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SafetensorsFileTest {
    private static final List<DType> DTYPES = List.of(DType.values());
    private static final String[] NAME_PARTS = {
        "model", ".", "layers", "0", " ", "\"", "\\", "é", "層", "🙂", "\n", "{", ""
    };

    @TempDir
    Path folder;

    @Test
    void randomFilesRoundTrip() throws IOException {
        Random random = new Random(42);
        for (int round = 0; round < 300; round++) {
            Map<String, SafetensorsBytes.Tensor> tensors = new LinkedHashMap<>();
            for (int i = random.nextInt(12); i > 0; i--) {
                SafetensorsBytes.Tensor tensor = randomTensor(random);
                tensors.put(tensor.name(), tensor);
            }
            Map<String, String> metadata =
                    random.nextBoolean() ? Map.of() : Map.of(randomName(random), randomName(random));
            byte[] bytes = SafetensorsBytes.write(metadata, List.copyOf(tensors.values()));
            if (round % 10 == 0) {
                Path path = Files.write(folder.resolve("round" + round), bytes);
                try (Arena arena = Arena.ofConfined()) {
                    assertHolds(metadata, tensors, SafetensorsFile.map(path, arena));
                }
            } else {
                assertHolds(metadata, tensors, SafetensorsBytes.parse(bytes));
            }
        }
    }

    private static void assertHolds(
            Map<String, String> metadata, Map<String, SafetensorsBytes.Tensor> tensors, SafetensorsFile file) {
        assertEquals(metadata, file.metadata());
        assertEquals(tensors.keySet(), file.tensorNames());
        tensors.forEach((name, expected) -> {
            TensorView found = file.tensor(name);
            assertEquals(expected.dtype(), found.dtype());
            assertEquals(expected.shape(), found.shape());
            assertArrayEquals(expected.data(), found.data().toArray(ValueLayout.JAVA_BYTE));
        });
        assertEquals(tensors.values().stream().mapToLong(t -> t.data().length).sum(), file.dataBytes());
    }

    private static SafetensorsBytes.Tensor randomTensor(Random random) {
        DType dtype = DTYPES.get(random.nextInt(DTYPES.size()));
        Shape shape = new Shape(LongStream.generate(() -> random.nextInt(5))
                .limit(random.nextInt(4))
                .boxed()
                .toList());
        byte[] data = new byte[(int) shape.elementCount() * dtype.bytes()];
        random.nextBytes(data);
        return new SafetensorsBytes.Tensor(randomName(random), dtype, shape, data);
    }

    private static String randomName(Random random) {
        List<String> parts = new ArrayList<>();
        for (int i = random.nextInt(6); i >= 0; i--) {
            parts.add(NAME_PARTS[random.nextInt(NAME_PARTS.length)]);
        }
        return String.join("", parts);
    }

    /** A sparse file with a tensor that starts below and one that starts above 2 GiB. */
    @Test
    void fileLargerThan2GiB() throws IOException {
        long half = (1L << 31) + 4096;
        String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]},".formatted(half / 4, half)
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]}}".formatted(half, half + 4);
        byte[] start = SafetensorsBytes.file(header, new byte[0]);
        Path path = folder.resolve("large.safetensors");
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(start), 0);
            channel.write(ByteBuffer.wrap(new byte[] {0, 0, (byte) 0x80, 0x3f}), start.length + half - 4);
            channel.write(ByteBuffer.wrap(new byte[] {0, 0, 0, 0x40}), start.length + half);
        }
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile file = SafetensorsFile.map(path, arena);
            assertEquals(1, file.tensor("a").getDouble(half / 4 - 1));
            assertEquals(0, file.tensor("a").getDouble(half / 8));
            assertEquals(2, file.tensor("b").getDouble(0));
            assertEquals(half + 4, file.dataBytes());
        }
    }

    @Test
    void tensorsAreReadOnly() {
        byte[] bytes = SafetensorsBytes.write(
                Map.of(), List.of(new SafetensorsBytes.Tensor("a", DType.U8, Shape.of(1), new byte[] {1})));
        MemorySegment data = SafetensorsBytes.parse(bytes).tensor("a").data();
        assertTrue(data.isReadOnly());
        assertThrows(IllegalArgumentException.class, () -> data.set(ValueLayout.JAVA_BYTE, 0, (byte) 2));
    }

    @Test
    void missingTensorNamesSimilarOnes() {
        byte[] bytes = SafetensorsBytes.write(
                Map.of(),
                List.of(
                        new SafetensorsBytes.Tensor("model.norm.weight", DType.U8, Shape.of(0), new byte[0]),
                        new SafetensorsBytes.Tensor("lm_head.weight", DType.U8, Shape.of(0), new byte[0])));
        assertRefused(
                () -> SafetensorsBytes.parse(bytes).tensor("model.norms.weight"),
                "test",
                "model.norms.weight",
                "similar: [model.norm.weight]");
    }

    @Test
    void pathsThatAreNoFiles() throws IOException {
        Files.createDirectory(folder.resolve("directory"));
        Files.createSymbolicLink(folder.resolve("ping"), folder.resolve("pong"));
        Files.createSymbolicLink(folder.resolve("pong"), folder.resolve("ping"));
        Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("absent"));
        Files.createFile(folder.resolve("empty"));
        try (Arena arena = Arena.ofConfined()) {
            assertRefused(() -> SafetensorsFile.map(folder.resolve("directory"), arena), "directory", "found a folder");
            assertRefused(() -> SafetensorsFile.map(folder.resolve("ping"), arena), "ping", "cannot be read");
            assertRefused(
                    () -> SafetensorsFile.map(folder.resolve("dangling"), arena), "dangling", "a link to nothing");
            assertRefused(() -> SafetensorsFile.map(folder.resolve("absent"), arena), "absent", "no such file");
            assertRefused(() -> SafetensorsFile.map(folder.resolve("empty"), arena), "empty", "found 0");
            assertRefused(() -> SafetensorsFile.map(Path.of("/dev/null"), arena), "/dev/null", "a device or pipe");
        }
    }

    @Test
    void linksAreFollowed() throws IOException {
        byte[] bytes = SafetensorsBytes.write(Map.of("from", "a link"), List.of());
        Files.createSymbolicLink(folder.resolve("link"), Files.write(folder.resolve("blob"), bytes));
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(
                    "a link",
                    SafetensorsFile.map(folder.resolve("link"), arena)
                            .metadata()
                            .get("from"));
        }
    }

    @Test
    void truncatedFilesOnDisk() throws IOException {
        byte[] bytes = SafetensorsBytes.write(
                Map.of(), List.of(new SafetensorsBytes.Tensor("a", DType.F32, Shape.of(4), new byte[16])));
        Path path = folder.resolve("truncated.safetensors");
        for (int size = 0; size < bytes.length; size++) {
            Files.write(path, Arrays.copyOf(bytes, size));
            try (Arena arena = Arena.ofConfined()) {
                assertRefused(() -> SafetensorsFile.map(path, arena), "truncated.safetensors");
            }
        }
    }

    @Test
    void headerOfTheLargestSize() {
        byte[] header = new byte[SafetensorsHeader.MAX_BYTES];
        Arrays.fill(header, (byte) ' ');
        System.arraycopy("{}".getBytes(StandardCharsets.UTF_8), 0, header, 0, 2);
        byte[] file = SafetensorsBytes.file(header.length, header, new byte[0]);
        assertEquals(0, SafetensorsBytes.parse(file).tensorNames().size());
    }
}
