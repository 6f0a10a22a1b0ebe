package sala.loader;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeSet;
import sala.loader.tokenizer.BpeTokenizer;
import sala.loader.tokenizer.ChatTemplate;
import sala.loader.tokenizer.Tokenizer;

/**
 * A model directory, opened: {@code config.json}, {@code generation_config.json} where there is one, and shards with
 * their index or, without an index, one {@code model.safetensors}. Tensors are views of mapped files and die with
 * {@link #close}; any thread may read them.
 */
public final class Checkpoint implements AutoCloseable {
    /** The one file of a checkpoint without shards. */
    private static final String SINGLE_FILE = "model.safetensors";

    private final Path directory;
    private final ModelConfig config;
    private final GenerationConfig generationConfig;
    private final List<SafetensorsFile> files;
    private final Map<String, SafetensorsFile> fileOf;
    private final Arena arena;

    private Checkpoint(
            Path directory,
            ModelConfig config,
            GenerationConfig generationConfig,
            List<SafetensorsFile> files,
            Arena arena) {
        this.directory = directory;
        this.config = config;
        this.generationConfig = generationConfig;
        this.files = List.copyOf(files);
        this.fileOf = new LinkedHashMap<>();
        for (SafetensorsFile file : files) {
            file.tensorNames().forEach(name -> fileOf.put(name, file));
        }
        this.arena = arena;
    }

    /**
     * Opens a directory: reads the configuration, maps the weights, checks headers. No weight is read.
     *
     * @throws CheckpointException if anything is not as it should be; nothing stays open then
     */
    public static Checkpoint open(Path directory) {
        ModelConfig config = readConfig(directory);
        GenerationConfig generationConfig = readGenerationConfig(directory);
        Arena arena = Arena.ofShared();
        try {
            return new Checkpoint(directory, config, generationConfig, mapFiles(directory, arena), arena);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /** Reads {@code config.json} alone, for planning before anything is mapped. */
    public static ModelConfig readConfig(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new CheckpointException("%s: expected a folder with config.json and *.safetensors, found %s"
                    .formatted(directory, Files.exists(directory) ? "a file" : "nothing"));
        }
        Path file = directory.resolve(ModelConfigReader.FILE_NAME);
        return ModelConfigReader.parse(file.toString(), StrictJson.readFile(file, ModelConfigReader.MAX_BYTES));
    }

    /** Reads {@code generation_config.json} alone; {@link GenerationConfig#NONE} where there is none. */
    public static GenerationConfig readGenerationConfig(Path directory) {
        Path file = directory.resolve(GenerationConfig.FILE_NAME);
        return StrictJson.isPresent(file)
                ? GenerationConfig.parse(file.toString(), StrictJson.readFile(file, GenerationConfig.MAX_BYTES))
                : GenerationConfig.NONE;
    }

    /** Bytes of the weight files, from the file system alone. */
    public static long weightFileBytes(Path directory) {
        long bytes = 0;
        for (String file : weightFiles(directory)) {
            try {
                bytes = Math.addExact(bytes, Files.size(directory.resolve(file)));
            } catch (IOException e) {
                throw new CheckpointException("%s: cannot be read: %s".formatted(directory.resolve(file), e), e);
            }
        }
        return bytes;
    }

    private static SequencedSet<String> weightFiles(Path directory) {
        Path index = directory.resolve(ShardIndex.FILE_NAME);
        return StrictJson.isPresent(index) ? ShardIndex.read(index).shards() : new TreeSet<>(List.of(SINGLE_FILE));
    }

    private static List<SafetensorsFile> mapFiles(Path directory, Arena arena) {
        Path indexFile = directory.resolve(ShardIndex.FILE_NAME);
        if (!StrictJson.isPresent(indexFile)) {
            Path single = directory.resolve(SINGLE_FILE);
            if (!StrictJson.isPresent(single)) {
                throw new CheckpointException(
                        "%s: expected %s or %s, found neither".formatted(directory, SINGLE_FILE, ShardIndex.FILE_NAME));
            }
            return List.of(SafetensorsFile.map(single, arena));
        }
        ShardIndex index = ShardIndex.read(indexFile);
        List<SafetensorsFile> files = new ArrayList<>();
        for (String shard : index.shards()) {
            SafetensorsFile file = SafetensorsFile.map(directory.resolve(shard), arena);
            files.add(file);
            index.check(indexFile.toString(), shard, file.tensorNames());
        }
        return files;
    }

    public Path directory() {
        return directory;
    }

    public ModelConfig config() {
        return config;
    }

    public GenerationConfig generationConfig() {
        return generationConfig;
    }

    /** Bytes of all tensors. */
    public long totalBytes() {
        return files.stream().mapToLong(SafetensorsFile::dataBytes).sum();
    }

    /** Names of all tensors. */
    public Set<String> tensorNames() {
        return Collections.unmodifiableSet(fileOf.keySet());
    }

    /** Whether there is a tensor of this name. */
    public boolean contains(String name) {
        return fileOf.containsKey(name);
    }

    /**
     * A tensor.
     *
     * @throws CheckpointException if there is none of this name
     * @throws IllegalStateException if the checkpoint is closed
     */
    public TensorView tensor(String name) {
        requireOpen();
        SafetensorsFile file = fileOf.get(name);
        if (file == null) {
            throw new CheckpointException("%s: tensor %s is missing: searched %s with %d tensors%s"
                    .formatted(
                            directory,
                            name,
                            files.stream().map(SafetensorsFile::name).toList(),
                            fileOf.size(),
                            SimilarNames.hint(name, fileOf.keySet())));
        }
        return file.tensor(name);
    }

    private void requireOpen() {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("checkpoint %s is closed".formatted(directory));
        }
    }

    /** The tokenizer; empty where the directory has no {@code tokenizer.json}. */
    public Optional<Tokenizer> tokenizer() {
        return readTokenizer(directory);
    }

    /** The tokenizer of a directory alone. */
    public static Optional<Tokenizer> readTokenizer(Path directory) {
        Path file = directory.resolve(BpeTokenizer.FILE_NAME);
        return StrictJson.isPresent(file) ? Optional.of(BpeTokenizer.read(file)) : Optional.empty();
    }

    /** The chat template, ChatML where the directory has none. */
    public ChatTemplate chatTemplate() {
        return ChatTemplate.read(directory);
    }

    /**
     * Unmaps the weights: every {@link TensorView} becomes unusable and says so. A second call does nothing.
     *
     * @throws IllegalStateException if another thread is reading a tensor at this moment
     */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
