package sala.loader.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import sala.loader.CheckpointException;
import sala.loader.JsonFields;
import sala.loader.StrictJson;

/**
 * The checkpoint's own Jinja chat template: turns to prompt text, rendered by jinjava, the maintained Jinja of the JVM.
 * The text of a turn is data and is never rendered itself; output size and nesting are bounded, since a template is a
 * file from elsewhere, and so is its time. A checkpoint without a template is given ChatML, the format of its family.
 */
public final class ChatTemplate {
    private static final int MAX_BYTES = 4 << 20;
    private static final long MAX_OUTPUT_BYTES = 64L << 20;
    /** A template of a long conversation takes milliseconds. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final String CONFIG_FILE = "tokenizer_config.json";
    private static final String TEMPLATE_FILE = "chat_template.jinja";
    private static final String CHAT_ML = """
            {{ bos_token }}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] \
            + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}""";

    private final String file;
    private final String template;
    private final String bosToken;
    private final String eosToken;

    private final Duration patience;

    private ChatTemplate(String file, String template, String bosToken, String eosToken, Duration patience) {
        this.file = file;
        this.template = template;
        this.bosToken = bosToken;
        this.eosToken = eosToken;
        this.patience = patience;
    }

    /**
     * The template of a checkpoint folder: {@code chat_template.jinja}, else {@code chat_template} of
     * {@code tokenizer_config.json}, else ChatML.
     *
     * @throws CheckpointException if a file is malformed
     */
    public static ChatTemplate read(Path directory) {
        Path configFile = directory.resolve(CONFIG_FILE);
        String name = configFile.toString();
        JsonFields config = JsonFields.parse(
                name,
                StrictJson.isPresent(configFile)
                        ? StrictJson.readFile(configFile, MAX_BYTES)
                        : "{}".getBytes(StandardCharsets.UTF_8));
        String bosToken = tokenText(config, "bos_token", "<s>");
        String eosToken = tokenText(config, "eos_token", "</s>");
        Path templateFile = directory.resolve(TEMPLATE_FILE);
        if (StrictJson.isPresent(templateFile)) {
            String text = StrictJson.readText(templateFile, MAX_BYTES);
            return new ChatTemplate(templateFile.toString(), text, bosToken, eosToken, PATIENCE);
        }
        return new ChatTemplate(name, configuredTemplate(config), bosToken, eosToken, PATIENCE);
    }

    /** A special token: a string, or an object with its {@code content}. */
    private static String tokenText(JsonFields config, String field, String absent) {
        return config.has(field) && !config.isString(field)
                ? config.object(field).string("content", absent)
                : config.string(field, absent);
    }

    /** One template, or the one named {@code default} of several. */
    private static String configuredTemplate(JsonFields config) {
        if (!config.isList("chat_template")) {
            return config.string("chat_template", CHAT_ML);
        }
        return config.objects("chat_template").stream()
                .filter(entry -> entry.string("name", "").equals("default"))
                .findFirst()
                .orElseThrow(() -> config.wrong("chat_template", "a template named default"))
                .string("template", CHAT_ML);
    }

    /**
     * The prompt text of a conversation. It begins with the text of the begin token: encode it with {@link #encode}, which
     * adds no second one.
     *
     * @throws CheckpointException if the template fails
     */
    public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
        JinjavaConfig config = JinjavaConfig.newBuilder()
                .withTrimBlocks(true)
                .withLstripBlocks(true)
                .withNestedInterpretationEnabled(false)
                .withMaxOutputSize(MAX_OUTPUT_BYTES)
                .withMaxRenderDepth(20)
                .build();
        Map<String, Object> variables = new HashMap<>();
        List<Map<String, Object>> turns = new ArrayList<>();
        for (ChatMessage message : messages) {
            turns.add(Map.of("role", message.role(), "content", message.content()));
        }
        variables.put("messages", turns);
        variables.put("add_generation_prompt", addGenerationPrompt);
        variables.put("bos_token", bosToken);
        variables.put("eos_token", eosToken);
        RenderResult result = renderInTime(new Jinjava(config), variables);
        if (result.hasErrors()) {
            throw new CheckpointException("%s: chat_template: %s"
                    .formatted(
                            file,
                            result.getErrors().stream()
                                    .map(TemplateError::getMessage)
                                    .collect(Collectors.joining("; "))));
        }
        return result.getOutput();
    }

    /** Loops inside loops can keep a template busy for years without any output, and jinjava cannot be stopped. */
    private RenderResult renderInTime(Jinjava jinjava, Map<String, Object> variables) {
        CompletableFuture<RenderResult> rendering = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("sala-chat-template").start(() -> {
            try {
                rendering.complete(jinjava.renderForResult(template, variables));
            } catch (RuntimeException | Error e) {
                rendering.completeExceptionally(e);
            }
        });
        try {
            return rendering.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new CheckpointException(
                    "%s: chat_template: expected to be done within %s, found it busy still".formatted(file, patience),
                    e);
        } catch (ExecutionException e) {
            throw new CheckpointException("%s: chat_template: %s".formatted(file, e.getCause()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while a chat template was rendered");
        }
    }

    /** The same template with another limit of time. */
    ChatTemplate withPatience(Duration newPatience) {
        return new ChatTemplate(file, template, bosToken, eosToken, newPatience);
    }

    /** {@link #render} as token ids, with exactly the special tokens that the template spells out. */
    public int[] encode(Tokenizer tokenizer, List<ChatMessage> messages, boolean addGenerationPrompt) {
        return tokenizer.encode(render(messages, addGenerationPrompt), false);
    }
}
