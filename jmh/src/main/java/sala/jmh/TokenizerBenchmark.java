package sala.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import sala.loader.tokenizer.BpeTokenizer;

/** Text to ids and back, of a file in the folder that JMH was started in. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 6, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class TokenizerBenchmark {
    @Param("samples/models/sala-tiny-en")
    public String model = "";

    @Param("README.md")
    public String text = "";

    private BpeTokenizer tokenizer = BpeTokenizer.read(Path.of("samples/models/sala-tiny-en", BpeTokenizer.FILE_NAME));
    private String content = "";
    private int[] ids = {};

    /** Tokens and characters a second. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Amounts {
        /** Tokens. */
        public double tokens;

        /** UTF-16 characters. */
        public double characters;
    }

    @Setup
    public void open() throws IOException {
        tokenizer = BpeTokenizer.read(Path.of(model, BpeTokenizer.FILE_NAME));
        content = Files.readString(Path.of(text));
        ids = tokenizer.encode(content, false);
        String back = tokenizer.decode(ids, true);
        if (!back.strip().equals(content.strip())) {
            throw new IllegalStateException(
                    "%s does not come back from its ids: a wrong result has no speed".formatted(text));
        }
    }

    @Benchmark
    public int[] encode(Amounts amounts) {
        amounts.tokens += ids.length;
        amounts.characters += content.length();
        return tokenizer.encode(content, false);
    }

    @Benchmark
    public String decode(Amounts amounts) {
        amounts.tokens += ids.length;
        amounts.characters += content.length();
        return tokenizer.decode(ids, true);
    }
}
