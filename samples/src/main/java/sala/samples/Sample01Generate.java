package sala.samples;

import java.util.Optional;
import sala.loader.Checkpoint;
import sala.loader.tokenizer.Tokenizer;
import sala.model.Backend;
import sala.model.EmbeddedModel;
import sala.model.ForwardPass;
import sala.model.ForwardPasses;
import sala.model.ModelWeights;
import sala.model.PassOptions;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.generate.GenerationOptions;
import sala.model.generate.Generator;

/** Continues a text: from a folder with a checkpoint to words. */
public final class Sample01Generate {
    private Sample01Generate() {}

    /** Prints the likeliest continuation of "In the beginning". */
    public static void main(String[] args) {
        PassOptions passOptions = PassOptions.of(Runtime.getRuntime().availableProcessors(), 512);
        try (Checkpoint checkpoint = Checkpoint.open(EmbeddedModel.directory());
                ForwardPass pass = ForwardPasses.choose(Backend.AUTO).open(ModelWeights.load(checkpoint), passOptions);
                Session session = pass.newSession(SessionOptions.ofContextLength(512))) {
            Tokenizer tokenizer = checkpoint.tokenizer().orElseThrow();
            int[] prompt = tokenizer.encode("In the beginning", true);
            GenerationOptions options =
                    GenerationOptions.builder().maxTokens(30).temperature(0).build();
            System.out.println(new Generator(pass, Optional.of(tokenizer))
                    .generate(session, prompt, options)
                    .text());
        }
    }
}
